#!/usr/bin/env bash
# judge.awk on plans whose errors and groups are counted by hand.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
said=$(awk -f "$here/judge.awk" <<'EOF'
a p1 10 10/10
a p2 12 12/12
a p3 9 9/18
a p4 21 23/21 20/20 25/22
a p5 30 30/30
a p6 12 11/10.1
EOF
)
expect() { grep -qxF -- "$1" <<<"$said" || { echo "not said: $1"; echo "$said"; exit 1; }; }
expect '| a | p4 | 21.000 | 20.000 | 20.000 | +0.0 % |'  # the least of its turns
expect '| a | p3 | 9.000 | 9.000 | 18.000 | -50.0 % |'
# p3 is planned as the fastest in the five groups that it is in, and wrongly; of the others p1 is, rightly.
expect 'fastest_of_five a: 16.7% of 6 groups'
# ln 2 and ln 1.0891 over six plans; -0.5 and 0.0891.
expect 'plans=6 geometric_mean_error=13.85% signed_mean=-6.85%'
# Within 2 % counts as right, by what was planned (p1), not by what was predicted later (p3).
said=$(printf 'b p%d %s\n' 1 '1 9/10.15' 2 '2 2/10' 3 '3 1/11' 4 '4 4/12' 5 '5 5/13' | awk -f "$here/judge.awk")
expect 'fastest_of_five b: 100.0% of 1 groups'
if awk -f "$here/judge.awk" </dev/null >/dev/null 2>&1; then echo "nothing measured, and no error"; exit 1; fi
