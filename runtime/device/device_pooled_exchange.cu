#include "runtime/device/cuda_check.cuh"
#include "runtime/device/device_pooled_exchange.hpp"
#include "runtime/device/grid.cuh"
#include "runtime/device/pooled_routes.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {
namespace {

constexpr std::int64_t kQuad = 4;
constexpr const char* kRoutes = "the exchange's routes";

/// What both kernels need of PooledRoutes, in device memory.
struct Routes {
  const QuadRoute* quads = nullptr;
  const std::int64_t* first = nullptr;
  const std::int64_t* owner_columns = nullptr;
  const std::int64_t* columns_before = nullptr;
  const std::int32_t* lengths = nullptr;  ///< [split means][samples]
  std::int64_t num_quads = 0;
  std::int64_t pooled_quads = 0;
  std::int64_t samples = 0;
  std::int32_t self = 0;
};

/// Four values of a sample in the block of a quad's owner.
__device__ float4* place_of(const Routes& routes, const QuadRoute& quad, std::int64_t sample,
                            float* others, float* own) {
  const std::int64_t columns = routes.owner_columns[quad.owner];
  float* block =
      quad.owner == routes.self ? own : others + routes.columns_before[quad.owner] * routes.samples;
  return reinterpret_cast<float4*>(block + sample * columns + quad.owner_column);
}

__device__ float4 divided(const Routes& routes, const QuadRoute& quad, std::int64_t sample,
                          float4 v) {
  if (quad.mean < 0) return v;
  const std::int32_t length = routes.lengths[quad.mean * routes.samples + sample];
  if (length <= 1) return v;
  const auto divisor = static_cast<float>(length);
  return {v.x / divisor, v.y / divisor, v.z / divisor, v.w / divisor};
}

/// Of quads [begin, end): of one its value, of partial sums their sum from zero on, as on a CPU.
__device__ float4 sum_of(const Routes& routes, std::int64_t begin, std::int64_t end,
                         std::int64_t sample, float* others, float* own) {
  if (end - begin == 1) return *place_of(routes, routes.quads[begin], sample, others, own);
  float4 sum = {0, 0, 0, 0};
  for (std::int64_t k = begin; k < end; ++k) {
    const float4 part = *place_of(routes, routes.quads[k], sample, others, own);
    sum = {sum.x + part.x, sum.y + part.y, sum.z + part.z, sum.w + part.w};
  }
  return sum;
}

__global__ void unpack(Routes routes, float* others, float* own, float4* pooled) {
  const std::int64_t end = routes.samples * routes.pooled_quads;
  for (std::int64_t i = first_index(); i < end; i += index_step()) {
    const std::int64_t sample = i / routes.pooled_quads;
    const std::int64_t q = i % routes.pooled_quads;
    const std::int64_t begin = routes.first[q];
    const std::int64_t last = routes.first[q + 1];
    pooled[i] = divided(routes, routes.quads[begin], sample,
                        sum_of(routes, begin, last, sample, others, own));
  }
}

__global__ void pack(Routes routes, const float4* gradients, float* others, float* own) {
  const std::int64_t end = routes.samples * routes.num_quads;
  for (std::int64_t i = first_index(); i < end; i += index_step()) {
    const std::int64_t sample = i / routes.num_quads;
    const QuadRoute& quad = routes.quads[i % routes.num_quads];
    const float4 g = gradients[sample * routes.pooled_quads + quad.pooled_column / kQuad];
    *place_of(routes, quad, sample, others, own) = divided(routes, quad, sample, g);
  }
}

}  // namespace

struct DevicePooledExchange::State {
  State(const ExchangeLayout& exchange, const Workload& workload, DeviceCommunicator& communicator)
      : layout(exchange),
        comm(communicator),
        routes(make_routes(exchange, workload, communicator.rank())),
        quads(uploaded(routes.quads, comm.stream(), kRoutes)),
        first(uploaded(routes.first, comm.stream(), kRoutes)),
        owner_columns(uploaded(routes.owner_columns, comm.stream(), kRoutes)),
        columns_before(uploaded(routes.columns_before, comm.stream(), kRoutes)) {}

  const InputSource& own_source(std::span<const InputSource> sources) const {
    return sources[comm.rank().index()];
  }
  Routes device_routes(std::int64_t samples) const;
  float* own_rows(const InputSource& source, DeviceMatrix owned) const {
    return owned.data + source.row_begin * owned.columns;
  }
  std::vector<Communicator::ReceiveBlock> blocks_of_others(std::int64_t samples);
  std::vector<Communicator::ReceiveBlock> blocks_of_matrix(std::span<const InputSource> sources,
                                                           DeviceMatrix owned) const;

  const ExchangeLayout& layout;
  DeviceCommunicator& comm;
  PooledRoutes routes;
  DeviceArray<QuadRoute> quads;
  DeviceArray<std::int64_t> first, owner_columns, columns_before;
  PinnedArray<std::int32_t> host_lengths;
  DeviceArray<std::int32_t> lengths{comm.stream(), "lengths of bags"};
  DeviceArray<float> others{comm.stream(), "pooled values of other ranks' shards"};
};

Routes DevicePooledExchange::State::device_routes(std::int64_t samples) const {
  return {.quads = quads.data(),
          .first = first.data(),
          .owner_columns = owner_columns.data(),
          .columns_before = columns_before.data(),
          .lengths = lengths.data(),
          .num_quads = static_cast<std::int64_t>(routes.quads.size()),
          .pooled_quads = layout.pooled_columns / kQuad,
          .samples = samples,
          .self = static_cast<std::int32_t>(comm.rank().value())};
}

std::vector<Communicator::ReceiveBlock> DevicePooledExchange::State::blocks_of_others(
    std::int64_t samples) {
  others.resize(static_cast<std::size_t>(samples * routes.columns_of_others));
  std::vector<Communicator::ReceiveBlock> blocks;
  for (std::size_t r = 0; r < routes.owner_columns.size(); ++r) {
    const bool own = r == comm.rank().index();
    const auto values = static_cast<std::size_t>(own ? 0 : samples * routes.owner_columns[r]);
    float* begin = others.data() + (values > 0 ? routes.columns_before[r] * samples : 0);
    blocks.push_back(std::as_writable_bytes(std::span(begin, values)));
  }
  return blocks;
}

std::vector<Communicator::ReceiveBlock> DevicePooledExchange::State::blocks_of_matrix(
    std::span<const InputSource> sources, DeviceMatrix owned) const {
  std::vector<Communicator::ReceiveBlock> blocks;
  for (std::size_t r = 0; r < sources.size(); ++r) {
    const bool own = r == comm.rank().index();  // read and written where it lies
    const auto values = static_cast<std::size_t>(own ? 0 : sources[r].samples * owned.columns);
    blocks.push_back(std::as_writable_bytes(std::span(own_rows(sources[r], owned), values)));
  }
  return blocks;
}

DevicePooledExchange::DevicePooledExchange(const ExchangeLayout& layout, const Workload& workload,
                                           DeviceCommunicator& comm)
    : state_(std::make_unique<State>(layout, workload, comm)) {}

DevicePooledExchange::~DevicePooledExchange() = default;

void DevicePooledExchange::start(const Batch& batch) {
  State& s = *state_;
  if (s.routes.split_means.empty()) return;
  s.comm.wait();  // the last batch's lengths may still be read from
  const auto samples = static_cast<std::size_t>(batch.size);
  s.host_lengths.resize(s.routes.split_means.size() * samples);
  s.lengths.resize(s.host_lengths.values().size());
  for (std::size_t i = 0; i < s.routes.split_means.size(); ++i) {
    const std::vector<std::int32_t>& lengths = batch.features[s.routes.split_means[i]].lengths;
    std::copy(lengths.begin(), lengths.end(), s.host_lengths.values().begin() + i * samples);
  }
  copy_to_device(s.lengths.data(), s.host_lengths.values().data(),
                 s.lengths.size() * sizeof(std::int32_t), s.comm.stream());
}

void DevicePooledExchange::bring_pooled(std::span<const InputSource> sources, DeviceMatrix owned,
                                        float* pooled) {
  State& s = *state_;
  const InputSource& own = s.own_source(sources);
  const auto from = s.blocks_of_matrix(sources, owned);
  s.comm.all_to_all("pooled values", std::vector<Communicator::SendBlock>(from.begin(), from.end()),
                    s.blocks_of_others(own.samples));
  if (own.samples == 0 || s.layout.pooled_columns == 0) return;
  unpack<<<full_grid(), kThreads, 0, s.comm.stream()>>>(s.device_routes(own.samples),
                                                        s.others.data(), s.own_rows(own, owned),
                                                        reinterpret_cast<float4*>(pooled));
  check_launch("unpack pooled values");
}

void DevicePooledExchange::bring_gradients(std::span<const InputSource> sources,
                                           const float* gradients, DeviceMatrix owned) {
  State& s = *state_;
  const InputSource& own = s.own_source(sources);
  const auto to = s.blocks_of_others(own.samples);
  if (own.samples > 0 && s.layout.pooled_columns > 0) {
    pack<<<full_grid(), kThreads, 0, s.comm.stream()>>>(s.device_routes(own.samples),
                                                        reinterpret_cast<const float4*>(gradients),
                                                        s.others.data(), s.own_rows(own, owned));
    check_launch("pack gradients");
  }
  s.comm.all_to_all("gradients", std::vector<Communicator::SendBlock>(to.begin(), to.end()),
                    s.blocks_of_matrix(sources, owned));
}

}  // namespace shardwright
