# How well a cost model knows whole steps. Reads lines "TASK JOB PLAN PLANNED_MS PREDICTED_MS MEASURED_MS": several plans of
# a task were measured in a job, side by side, each in several jobs (predicted for what the processors did then, planned
# without knowing that). Medians throughout: in some jobs a plan's memory is one that takes up to twice as long.
#   error: the median over a plan's jobs of predicted / measured.
#   beside the others: exp(plan) of ln(measured) = plan + job, fitted by median polish (Tukey, Exploratory Data Analysis, 1977):
#     what disturbs a whole job changes nothing.
# Prints a table, then per task the share of all groups of five plans in which the plan of the least planned time is, beside
# the others, the fastest or within 2 % of it; of the jobs those in which it is by their own times alone; and the median of
# what the fit leaves of a time. Then the errors over all plans: geometric mean exp(mean |ln(predicted / measured)|) - 1 and the
# mean of predicted / measured - 1. Kept apart from the measuring, so that it can be tested.
function median(v, n,   i, j, x) {
  for (i = 2; i <= n; ++i) { x = v[i]; for (j = i - 1; j > 0 && v[j] > x; --j) v[j + 1] = v[j]; v[j + 1] = x }
  return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
}
function is_right(chosen_ms, fastest_ms) { return chosen_ms <= 1.02 * fastest_ms }
# Goes through all groups of five of `task`'s plans: `at` is the next that may join, `size` how many have.
function groups(task, at, size, chosen, chosen_ms, fastest_ms,   p, m) {
  if (size == 5) { ++all[task]; right[task] += is_right(chosen_ms, fastest_ms); return }
  for (; at <= plans[task] - (4 - size); ++at) {
    p = planned[task, at]; m = exp(beside[task, at])
    groups(task, at + 1, size + 1, size == 0 || p < chosen ? p : chosen, size == 0 || p < chosen ? m : chosen_ms,
      size == 0 || m < fastest_ms ? m : fastest_ms)
  }
}
function judge_jobs(task,   i, j, chosen, chosen_ms, fastest_ms) {
  for (j = 1; j <= jobs[task]; ++j) {
    fastest_ms = chosen = 0
    for (i = 1; i <= count; ++i) {
      if (task_of[i] != task || job_of[i] != j) continue
      if (!chosen || planned[task, plan_of[i]] < chosen) { chosen = planned[task, plan_of[i]]; chosen_ms = exp(log_ms[i]) }
      if (!fastest_ms || exp(log_ms[i]) < fastest_ms) fastest_ms = exp(log_ms[i])
    }
    jobs_right[task] += is_right(chosen_ms, fastest_ms)
  }
}
function fit(task,   turn, i, k, n, left) {
  for (turn = 1; turn <= 50; ++turn) {
    for (k = 1; k <= plans[task]; ++k) {
      n = 0
      for (i = 1; i <= count; ++i) if (task_of[i] == task && plan_of[i] == k) left[++n] = log_ms[i] - job[task, job_of[i]]
      beside[task, k] = median(left, n)
    }
    for (k = 1; k <= jobs[task]; ++k) {
      n = 0
      for (i = 1; i <= count; ++i) if (task_of[i] == task && job_of[i] == k) left[++n] = log_ms[i] - beside[task, plan_of[i]]
      job[task, k] = median(left, n)
    }
  }
}
function usual_rest(task,   i, n, rest) {
  for (i = 1; i <= count; ++i) {
    if (task_of[i] != task) continue
    rest[++n] = log_ms[i] - job[task, job_of[i]] - beside[task, plan_of[i]]
    if (rest[n] < 0) rest[n] = -rest[n]
  }
  return median(rest, n)
}
function print_plan(task, p,   i, n, ratio, predicted, measured) {
  for (i = 1; i <= count; ++i) {
    if (task_of[i] != task || plan_of[i] != p) continue
    predicted[++n] = predicted_ms[i]; measured[n] = exp(log_ms[i]); ratio[n] = log(predicted[n] / measured[n])
  }
  ratio[0] = median(ratio, n)
  logs += ratio[0] < 0 ? -ratio[0] : ratio[0]; signed += exp(ratio[0]) - 1; ++all_plans
  printf "| %s | %s | %.3f | %.3f | %.3f | %+.1f %% | %.3f |\n", task, name[task, p], planned[task, p], median(predicted, n),
    median(measured, n), 100 * (exp(ratio[0]) - 1), exp(beside[task, p])
}
NF != 6 || !($4 > 0 && $5 > 0 && $6 > 0) { print "line " NR ": not a measurement: " $0 > "/dev/stderr"; failed = 1; exit 1 }
{
  if (!($1 in plans)) tasks[++num_tasks] = $1
  if (!(($1, $3) in number)) { number[$1, $3] = ++plans[$1]; name[$1, plans[$1]] = $3; planned[$1, plans[$1]] = $4 + 0 }
  if (!(($1, $2) in job_number)) job_number[$1, $2] = ++jobs[$1]
  task_of[++count] = $1; plan_of[count] = number[$1, $3]; job_of[count] = job_number[$1, $2]
  predicted_ms[count] = $5 + 0; log_ms[count] = log($6)
}
END {
  if (failed) exit 1
  if (!count) { print "no plan was measured" > "/dev/stderr"; exit 1 }
  print "| tables | plan | planned ms | predicted ms | measured ms | error | beside the others ms |"; print "|---|---|---|---|---|---|---|"
  for (t = 1; t <= num_tasks; ++t) {
    fit(tasks[t])
    for (p = 1; p <= plans[tasks[t]]; ++p) print_plan(tasks[t], p)
  }
  for (t = 1; t <= num_tasks; ++t) {
    task = tasks[t]; groups(task, 1, 0); judge_jobs(task)
    printf "fastest_of_five %s: %.1f%% of %d groups (by their own times, %d of %d jobs); rest of a time %.1f%%\n", task,
      all[task] ? 100 * right[task] / all[task] : 0, all[task], jobs_right[task], jobs[task], 100 * usual_rest(task)
    all_right += right[task]; all_groups += all[task]
  }
  printf "plans=%d geometric_mean_error=%.2f%% signed_mean=%+.2f%% fastest_of_five=%.1f%%\n", all_plans, 100 * (exp(logs / all_plans) - 1),
    100 * signed / all_plans, all_groups ? 100 * all_right / all_groups : 0
}
