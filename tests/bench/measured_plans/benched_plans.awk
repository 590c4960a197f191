# From the document of `bench --json` of several plans: "PLAN.json MILLISECONDS COPY/GATHER/FMA" for each.
function value() { sub(/^[^:]*: */, ""); gsub(/[",]/, ""); return $0 }
/^ *"plan":/ { plan = value() }
/^ *"copy_gb_s":/ { copy = value() }
/^ *"gather_gb_s":/ { gather = value() }
/^ *"fma_gflop_s":/ { fma = value() }
/^ *"step_ms":/ { in_step = 1 }
in_step && /^ *"median":/ { printf "%s %s %s/%s/%s\n", plan, value(), copy, gather, fma; in_step = 0; ++plans }
END { if (!plans) { print "bench said nothing of several plans" >"/dev/stderr"; exit 1 } }
