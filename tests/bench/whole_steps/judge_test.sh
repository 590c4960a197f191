#!/usr/bin/env bash
# judge.awk on plans whose errors, groups and times beside each other are counted by hand.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
judge() { said=$(awk -f "$here/judge.awk"); }
expect() { grep -qF -- "$1" <<<"$said" || { echo "not said: $1"; echo "$said"; exit 1; }; }

judge <<'EOF'
a 0 p1 10 10 10
a 0 p2 12 12 12
a 0 p3 9 9 18
a 0 p4 21 20 20
a 0 p5 30 30 30
a 0 p6 12 11 10.1
EOF
expect '| a | p4 | 21.000 | 20.000 | 20.000 | +0.0 % | 20.000 |'
expect '| a | p3 | 9.000 | 9.000 | 18.000 | -50.0 % | 18.000 |'
# p3 is planned as the fastest in the five groups that it is in, and wrongly; of the others p1 is, rightly.
expect 'fastest_of_five a: 16.7% of 6 groups (by their own times, 0 of 1 jobs)'
# ln 2 and ln 1.0891 over six plans; -0.5 and 0.0891.
expect 'plans=6 geometric_mean_error=13.85% signed_mean=-6.85% fastest_of_five=16.7%'

# Within 2 % counts as right, by what was planned (p1), not by what was predicted later (p3).
judge < <(printf 'b 0 p%d %s\n' 1 '1 9 10.15' 2 '2 2 10' 3 '3 1 11' 4 '4 4 12' 5 '5 5 13')
expect 'fastest_of_five b: 100.0% of 1 groups (by their own times, 1 of 1 jobs)'

# Plans of 10, 11, … 14 ms, each in all five jobs, of which one ran at half the speed; in another the fastest plan's memory
# was slow. Neither changes what the plans take beside each other.
judge < <(for job in 0 1 2 3 4; do
  for plan in 0 1 2 3 4; do
    awk -v j=$job -v p=$plan 'BEGIN { ms = (10 + p) * (j == 2 ? 2 : 1); print "c", j, "p" p, 10 + p, 1.1 * ms, j == 4 && p == 0 ? 1.7 * ms : ms }'
  done
done)
expect '| c | p0 | 10.000 | 11.000 | 10.000 | +10.0 % | 10.000 |'
expect '| c | p4 | 14.000 | 15.400 | 14.000 | +10.0 % | 14.000 |'
expect 'fastest_of_five c: 100.0% of 1 groups (by their own times, 4 of 5 jobs); rest of a time 0.0%'
expect 'plans=5 geometric_mean_error=10.00% signed_mean=+10.00% fastest_of_five=100.0%'

for line in 'a 0 p1 10 10' 'a 0 p1 10 0 10'; do
  if awk -f "$here/judge.awk" <<<"$line" >/dev/null 2>&1; then echo "no measurement, and no error: $line"; exit 1; fi
done
if awk -f "$here/judge.awk" </dev/null >/dev/null 2>&1; then echo "nothing measured, and no error"; exit 1; fi
