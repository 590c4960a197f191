#pragma once

#include <string>
#include <vector>

namespace shardwright {

/// Says on standard error what a plan or tables lose on the way to or from another program's form,
/// a line each.
void say_losses(const std::vector<std::string>& losses);

/// Prints `shardwright.exchange/1`: the form ("torchrec", …), the file written, and the losses.
void print_exchange(const std::string& form, const std::string& file,
                    const std::vector<std::string>& losses);

/// Throws UsageError if a document is wanted and the file is standard output, which both would
/// want.
void require_file_beside_json(bool json, const std::string& file);

}  // namespace shardwright
