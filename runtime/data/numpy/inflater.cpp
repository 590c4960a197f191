#include "runtime/data/numpy/inflater.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace shardwright {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;  // zlib's sizes have 32 bits

}  // namespace

struct Inflater::State {
  State() {
    constexpr int kRawDeflate = -MAX_WBITS;
    if (::inflateInit2(&zlib, kRawDeflate) != Z_OK) throw std::bad_alloc();
  }
  ~State() { ::inflateEnd(&zlib); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream zlib = {};
  bool ended = false;
  std::array<std::byte, kBufferBytes> buffer = {};
};

Inflater::Inflater(std::shared_ptr<const RandomFile> file, std::string name, std::int64_t offset,
                   std::int64_t bytes)
    : file_(std::move(file)),
      name_(std::move(name)),
      next_(offset),
      end_(offset + bytes),
      state_(std::make_unique<State>()) {}

Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

void Inflater::fail(const std::string& complaint) const {
  throw InputError(
      fmt::format("{}: its packed bytes before byte {} of {} {}. The archive is damaged: write or "
                  "copy it again.",
                  name_, next_, file_->path(), complaint));
}

void Inflater::refill() {
  const auto rest = static_cast<std::size_t>(end_ - next_);
  const auto bytes = std::span(state_->buffer).first(std::min(rest, kBufferBytes));
  file_->read(next_, bytes);
  next_ += std::ssize(bytes);
  state_->zlib.next_in = reinterpret_cast<Bytef*>(bytes.data());
  state_->zlib.avail_in = static_cast<uInt>(bytes.size());
}

void Inflater::step() {
  z_stream& zlib = state_->zlib;
  if (zlib.avail_in == 0 && next_ < end_) refill();
  const uInt room = zlib.avail_out;
  const uInt left = zlib.avail_in;
  const int result = ::inflate(&zlib, Z_NO_FLUSH);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  state_->ended = result == Z_STREAM_END;
  if (state_->ended || result == Z_OK) return;
  const bool starved = result == Z_BUF_ERROR && room == zlib.avail_out && left == zlib.avail_in;
  fail(starved ? "end too early"
               : fmt::format("are not deflated ({})",
                             zlib.msg == nullptr ? "no reason given" : zlib.msg));
}

std::size_t Inflater::read(std::span<std::byte> out) {
  const std::size_t asked = out.size();
  while (!out.empty() && !state_->ended) {
    const std::size_t room = std::min(out.size(), kMostAtOnce);
    state_->zlib.next_out = reinterpret_cast<Bytef*>(out.data());
    state_->zlib.avail_out = static_cast<uInt>(room);
    step();
    out = out.subspan(room - state_->zlib.avail_out);
  }
  return asked - out.size();
}

}  // namespace shardwright
