#include "tests/runtime/embedding/dense_oracle.hpp"

#include <cmath>

namespace shardwright::synthetic {
namespace {

struct DenseTable {
  Table spec;
  std::size_t dim = 0;
  std::vector<double> weights, state, second, gradient;  ///< [rows][dim]
  std::vector<bool> touched;                             ///< [rows]
};

DenseTable make_dense(const Table& spec) {
  DenseTable table;
  table.spec = spec;
  table.dim = static_cast<std::size_t>(spec.dim);
  for (std::int64_t row = 0; row < spec.rows; ++row) {
    for (std::int64_t column = 0; column < spec.dim; ++column) {
      table.weights.push_back(initial_embedding_weight(11, spec.name, spec.rows, row, column));
    }
  }
  table.state.resize(table.weights.size());
  table.second.resize(table.weights.size());
  return table;
}

/// What one id of a bag contributes per unit of its row.
double factor(const DenseTable& table, const Bags& bags, std::size_t position,
              std::int32_t length) {
  const double weight = table.spec.weighted ? static_cast<double>(bags.weights[position]) : 1.0;
  return table.spec.mode == PoolingMode::mean ? weight / length : weight;
}

/// Adds the pooled values of one feature to `pooled` and scatters `gradients` to the rows; both
/// begin at the feature's first column.
void visit_bags(DenseTable& table, const Bags& bags, std::size_t stride, double* pooled,
                const float* gradients) {
  std::size_t position = 0;
  for (std::size_t n = 0; n < bags.lengths.size(); ++n) {
    for (std::int32_t i = 0; i < bags.lengths[n]; ++i, ++position) {
      const auto row = static_cast<std::size_t>(bags.ids[position]);
      const double f = factor(table, bags, position, bags.lengths[n]);
      table.touched[row] = true;
      for (std::size_t c = 0; c < table.dim; ++c) {
        pooled[n * stride + c] += f * table.weights[row * table.dim + c];
        table.gradient[row * table.dim + c] += f * static_cast<double>(gradients[n * stride + c]);
      }
    }
  }
}

/// The same without pooling, id by id: appends the vectors and takes the next of `gradients` for
/// each.
void visit_ids(DenseTable& table, const Bags& bags, std::vector<double>& vectors,
               const float*& gradients) {
  for (std::size_t i = 0; i < bags.ids.size(); ++i) {
    const auto row = static_cast<std::size_t>(bags.ids[i]);
    const double f = factor(table, bags, i, 1);
    table.touched[row] = true;
    for (std::size_t c = row * table.dim; c < (row + 1) * table.dim; ++c) {
      vectors.push_back(f * table.weights[c]);
      table.gradient[c] += f * static_cast<double>(*gradients++);
    }
  }
}

/// One weight by Adam; `square` is g² or its mean over the row.
void step_adam(double& w, double& m, double& v, double g, double square, double lr,
               std::int64_t t) {
  m = 0.9F * m + (1.0F - 0.9F) * g;
  v = 0.999F * v + (1.0F - 0.999F) * square;
  const double corrected = m / (1 - std::pow(0.9F, t));
  w -= lr * corrected / (std::sqrt(v / (1 - std::pow(0.999F, t))) + 1e-8);
}

/// One weight by FTRL without regularisation.
void step_ftrl(double& w, double& z, double& n, double g, double lr) {
  const double old_root = std::sqrt(n);
  n += g * g;
  z += g - (std::sqrt(n) - old_root) / lr * w;
  w = -z / (std::sqrt(n) / lr);
}

void update_weight(DenseTable& table, std::size_t c, double mean_square, std::int64_t step) {
  const double lr = static_cast<double>(kLearningRate);
  const double g = table.gradient[c];
  double& w = table.weights[c];
  double& s = table.state[c];
  switch (table.spec.optimizer) {
    case OptimizerKind::sgd:
      w -= lr * g;
      return;
    case OptimizerKind::adagrad:
    case OptimizerKind::rowwise_adagrad:
      s += table.spec.optimizer == OptimizerKind::adagrad ? g * g : mean_square;
      w -= lr * g / (std::sqrt(s) + 1e-8);
      return;
    case OptimizerKind::adam:
      return step_adam(w, s, table.second[c], g, g * g, lr, step + 1);
    case OptimizerKind::rowwise_adam:
      return step_adam(w, s, table.second[c], g, mean_square, lr, step + 1);
    case OptimizerKind::ftrl:
      return step_ftrl(w, s, table.second[c], g, lr);
  }
}

void update_row(DenseTable& table, std::size_t row, std::int64_t step) {
  double mean_square = 0;
  for (std::size_t c = row * table.dim; c < (row + 1) * table.dim; ++c) {
    mean_square += table.gradient[c] * table.gradient[c] / static_cast<double>(table.dim);
  }
  for (std::size_t c = row * table.dim; c < (row + 1) * table.dim; ++c) {
    update_weight(table, c, mean_square, step);
  }
}

void run_step(std::vector<DenseTable>& tables, const Workload& workload, std::int64_t step,
              std::size_t columns, OracleOutcome& outcome) {
  const Batch batch = make_batch(workload, step, 0, global_samples(step));
  const std::vector<float> gradients =
      make_gradient(step, batch, static_cast<std::int64_t>(columns));
  const std::vector<float> of_vectors = make_vector_gradient(workload, step, batch);
  const float* vector_gradients = of_vectors.data();
  const std::size_t begin = outcome.pooled.size();
  outcome.pooled.resize(begin + gradients.size());
  std::size_t feature = 0;
  std::size_t column = 0;
  for (DenseTable& table : tables) {
    table.gradient.assign(table.weights.size(), 0.0);
    table.touched.assign(static_cast<std::size_t>(table.spec.rows), false);
    for (std::size_t k = 0; k < table.spec.features.size(); ++k, ++feature) {
      if (table.spec.mode == PoolingMode::none) {
        visit_ids(table, batch.features[feature], outcome.vectors, vector_gradients);
        continue;
      }
      visit_bags(table, batch.features[feature], columns, outcome.pooled.data() + begin + column,
                 gradients.data() + column);
      column += table.dim;
    }
    for (std::size_t row = 0; row < table.touched.size(); ++row) {
      if (table.touched[row]) update_row(table, row, step);
    }
  }
}

}  // namespace

OracleOutcome run_oracle(const Workload& workload) {
  std::vector<DenseTable> tables;
  std::size_t columns = 0;
  for (const Table& spec : workload.tables) {
    tables.push_back(make_dense(spec));
    if (spec.mode != PoolingMode::none) columns += tables.back().dim * spec.features.size();
  }
  OracleOutcome outcome;
  for (std::int64_t step = 0; step < kSteps; ++step) {
    run_step(tables, workload, step, columns, outcome);
  }
  for (DenseTable& table : tables) {
    outcome.weights.push_back(table.weights);
    table.state.insert(table.state.end(), table.second.begin(), table.second.end());
    outcome.state.push_back(table.spec.optimizer == OptimizerKind::sgd ? std::vector<double>{}
                                                                       : table.state);
  }
  return outcome;
}

}  // namespace shardwright::synthetic
