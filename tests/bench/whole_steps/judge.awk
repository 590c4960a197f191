# How well a cost model knows whole steps. Reads lines "TASK PLAN PREDICTED_MS MEASURED_MS…" (of several turns, the
# least: others on the machine only add) and prints a table, then per task the share of all groups of five plans in which
# the plan predicted fastest is the fastest or within 2 % of it, then the errors over all plans: geometric mean
# exp(mean |ln(predicted / measured)|) - 1, and the mean of predicted / measured - 1. Kept apart from the measuring, so that it can be tested.
function least(from,   i, ms) {
  ms = $from
  for (i = from + 1; i <= NF; ++i) if ($i + 0 < ms + 0) ms = $i
  return ms + 0
}
# Goes through all groups of five of `task`'s plans: `at` is the next that may join, `size` how many have.
function groups(task, at, size, chosen, chosen_ms, fastest_ms,   p, m) {
  if (size == 5) { ++all[task]; right[task] += chosen_ms <= 1.02 * fastest_ms; return }
  for (; at <= plans[task] - (4 - size); ++at) {
    p = predicted[task, at]; m = measured[task, at]
    groups(task, at + 1, size + 1, size == 0 || p < chosen ? p : chosen, size == 0 || p < chosen ? m : chosen_ms,
      size == 0 || m < fastest_ms ? m : fastest_ms)
  }
}
BEGIN { print "| tables | plan | predicted ms | measured ms | error |"; print "|---|---|---|---|---|" }
{
  ms = least(4); ratio = $3 / ms; n = ++plans[$1]
  predicted[$1, n] = $3 + 0; measured[$1, n] = ms
  logs += ratio < 1 ? -log(ratio) : log(ratio); signed += ratio - 1; ++count
  printf "| %s | %s | %.3f | %.3f | %+.1f %% |\n", $1, $2, $3, ms, 100 * (ratio - 1)
}
END {
  if (!count) { print "no plan was measured" > "/dev/stderr"; exit 1 }
  for (task in plans) {
    groups(task, 1, 0)
    if (all[task]) printf "fastest_of_five %s: %.1f%% of %d groups\n", task, 100 * right[task] / all[task], all[task]
  }
  printf "plans=%d geometric_mean_error=%.2f%% signed_mean=%+.2f%%\n", count, 100 * (exp(logs / count) - 1), 100 * signed / count
}
