# How well a cost model knows whole steps. Reads lines "TASK PLAN PLANNED_MS PREDICTED_MS/MEASURED_MS…" (of several turns,
# the one that took least: others on the machine only add; predicted for what the processors did then, planned without
# knowing that) and prints a table, then per task the share of all groups of five plans in which the plan of the least
# planned time is the fastest or within 2 % of it, then the errors over all plans: geometric mean
# exp(mean |ln(predicted / measured)|) - 1, and the mean of predicted / measured - 1. Kept apart from the measuring, so that it can be tested.
# The field of the turn that took least.
function quickest(from,   i, turn, best, least) {
  for (i = from; i <= NF; ++i) {
    split($i, turn, "/")
    if (i == from || turn[2] + 0 < least) { best = $i; least = turn[2] + 0 }
  }
  return best
}
# Goes through all groups of five of `task`'s plans: `at` is the next that may join, `size` how many have.
function groups(task, at, size, chosen, chosen_ms, fastest_ms,   p, m) {
  if (size == 5) { ++all[task]; right[task] += chosen_ms <= 1.02 * fastest_ms; return }
  for (; at <= plans[task] - (4 - size); ++at) {
    p = planned[task, at]; m = measured[task, at]
    groups(task, at + 1, size + 1, size == 0 || p < chosen ? p : chosen, size == 0 || p < chosen ? m : chosen_ms,
      size == 0 || m < fastest_ms ? m : fastest_ms)
  }
}
BEGIN { print "| tables | plan | planned ms | predicted ms | measured ms | error |"; print "|---|---|---|---|---|---|" }
{
  split(quickest(4), turn, "/"); ms = turn[2]; ratio = turn[1] / ms; n = ++plans[$1]
  planned[$1, n] = $3 + 0; measured[$1, n] = ms
  logs += ratio < 1 ? -log(ratio) : log(ratio); signed += ratio - 1; ++count
  printf "| %s | %s | %.3f | %.3f | %.3f | %+.1f %% |\n", $1, $2, $3, turn[1], ms, 100 * (ratio - 1)
}
END {
  if (!count) { print "no plan was measured" > "/dev/stderr"; exit 1 }
  for (task in plans) {
    groups(task, 1, 0)
    if (all[task]) printf "fastest_of_five %s: %.1f%% of %d groups\n", task, 100 * right[task] / all[task], all[task]
  }
  printf "plans=%d geometric_mean_error=%.2f%% signed_mean=%+.2f%%\n", count, 100 * (exp(logs / count) - 1), 100 * signed / count
}
