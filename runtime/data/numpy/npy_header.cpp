#include "runtime/data/numpy/npy_header.hpp"

#include "costmodel/errors.hpp"
#include "runtime/data/cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace shardwright {
namespace {

constexpr std::string_view kSpace = " \t\n";
constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint32_t kMostHeaderBytes = std::uint32_t{1} << 20;

[[noreturn]] void fail(const std::string& name, std::int64_t place, const std::string& complaint) {
  throw InputError(fmt::format("{}: at byte {}: {}.", name, place, complaint));
}

// Bytes of the header's fixed part, as text.
std::string take(ByteStream& stream, std::size_t count, std::string_view what) {
  const std::int64_t left = stream.size() - stream.position();
  if (left < static_cast<std::int64_t>(count))
    fail(stream.name(), stream.position(),
         fmt::format("{} bytes are left, expected {} of {} bytes", left, what, count));
  std::string text(count, '\0');
  stream.read(std::as_writable_bytes(std::span(text)));
  return text;
}

template <class T>
T take_number(ByteStream& stream) {
  T value{};
  std::memcpy(&value, take(stream, sizeof(T), "the header's length").data(), sizeof(T));
  return value;
}

std::uint32_t read_length(ByteStream& stream, char version) {
  const std::int64_t place = stream.position();
  const std::uint32_t length =
      version == 1 ? take_number<std::uint16_t>(stream) : take_number<std::uint32_t>(stream);
  if (length > kMostHeaderBytes)
    fail(stream.name(), place,
         fmt::format("the header's length is {}, expected at most {} bytes", length,
                     kMostHeaderBytes));
  return length;
}

void require_all_values(const ByteStream& stream, const NpyHeader& header) {
  const std::int64_t left = stream.size() - stream.position();
  std::int64_t bytes = header.type.bytes;
  bool overflows = false;
  for (const std::int64_t count : header.shape)
    overflows = __builtin_mul_overflow(bytes, count, &bytes) || overflows;
  if (!overflows && bytes == left) return;
  fail(stream.name(), stream.position(),
       overflows
           ? "the shape has more values than any file can hold"
           : fmt::format("{} bytes of values are there, but the shape takes {}: {} are {}", left,
                         bytes, std::abs(left - bytes), left < bytes ? "missing" : "too many"));
}

// Walks through the text of the dictionary, a Python literal.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& name, std::int64_t place)
      : text_(text), name_(&name), place_(place) {}

  [[noreturn]] void reject(std::string_view expected) const {
    const std::size_t at = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
    fail(*name_, place_ + static_cast<std::int64_t>(at),
         fmt::format("the header has {}, expected {}", quote(text_.substr(at)), expected));
  }
  bool skip(std::string_view word) {
    at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
    const bool found = text_.substr(at_).starts_with(word);
    if (found) at_ += word.size();
    return found;
  }
  void expect(std::string_view word) {
    if (!skip(word)) reject(word);
  }
  std::string_view quoted(std::string_view what) {
    const std::string_view mark = skip("'") ? "'" : skip("\"") ? "\"" : "";
    const std::size_t end = mark.empty() ? std::string_view::npos : text_.find(mark, at_);
    if (end == std::string_view::npos) reject(what);
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end + 1;
    return word;
  }
  std::optional<std::int64_t> number() {
    skip("");
    std::int64_t value = 0;
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, text_[at_] - '0', &value))
        reject("a number of at most 63 bits");
    }
    if (at_ == begin) return {};
    skip("L");  // of Python 2
    return value;
  }
  bool at_end() {
    skip("");
    return at_ == text_.size();
  }

 private:
  std::string_view text_;
  const std::string* name_;
  std::int64_t place_;
  std::size_t at_ = 0;
};

NpyType read_type(HeaderText& text) {
  constexpr std::array<std::string_view, 12> kTypes = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4",
                                                       "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"};
  HeaderText before = text;
  if (!text.skip("'") && !text.skip("\"")) text.reject("one type of numbers, without fields");
  text = before;
  const std::string_view word = text.quoted("a type of numbers in quotes");
  if (std::find(kTypes.begin(), kTypes.end(), word) == kTypes.end())
    before.reject(
        "a little-endian type of numbers: bool, int8 to int64, uint8 to uint64, float16, "
        "float32 or float64");
  return {word[1], word[2] - '0'};
}

void read_order(HeaderText& text) {
  const HeaderText before = text;
  if (text.skip("False")) return;
  if (!text.skip("True")) text.reject("True or False");
  before.reject("False: values in C order, as numpy.ascontiguousarray(array) has them");
}

std::vector<std::int64_t> read_shape(HeaderText& text) {
  std::vector<std::int64_t> shape;
  text.expect("(");
  while (const auto count = text.number()) {
    shape.push_back(*count);
    if (!text.skip(",")) break;
  }
  text.expect(")");
  return shape;
}

// What has been found of a header so far.
struct Entries {
  std::optional<NpyType> type;
  std::optional<std::vector<std::int64_t>> shape;
  bool has_order = false;
};

void read_entry(HeaderText& text, Entries& found) {
  const HeaderText before = text;
  const std::string_view key = text.quoted("a key in quotes");
  text.expect(":");
  if (key == "descr" && !found.type) {
    found.type = read_type(text);
  } else if (key == "shape" && !found.shape) {
    found.shape = read_shape(text);
  } else if (key == "fortran_order" && !found.has_order) {
    read_order(text);
    found.has_order = true;
  } else {
    before.reject("the keys descr, fortran_order and shape, each once");
  }
}

}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& name, std::int64_t place) {
  HeaderText rest(text, name, place);
  Entries found;
  rest.expect("{");
  while (!rest.skip("}")) {
    read_entry(rest, found);
    if (rest.skip(",")) continue;
    rest.expect("}");
    break;
  }
  if (!found.type || !found.shape || !found.has_order)
    rest.reject("all of descr, fortran_order and shape before");
  if (!rest.at_end()) rest.reject("nothing behind the brace");
  return {*found.type, *found.shape};
}

NpyHeader read_npy_header(ByteStream& stream) {
  const std::string magic = take(stream, kMagic.size(), "the mark of a .npy file");
  if (magic != kMagic)
    fail(stream.name(), 0,
         fmt::format("{} stands there, expected \"\\x93NUMPY\": it is no .npy "
                     "file",
                     quote(magic)));
  const std::string version = take(stream, 2, "the format's version");
  if (version[0] < 1 || version[0] > 3 || version[1] != 0)
    fail(stream.name(), std::ssize(kMagic),
         fmt::format("the format's version is {}.{}, expected 1.0, 2.0 or 3.0",
                     static_cast<unsigned char>(version[0]),
                     static_cast<unsigned char>(version[1])));
  const std::uint32_t length = read_length(stream, version[0]);
  const std::int64_t place = stream.position();
  const std::string text = take(stream, length, "a header");
  NpyHeader header = parse_npy_header(text, stream.name(), place);
  require_all_values(stream, header);
  return header;
}

}  // namespace shardwright
