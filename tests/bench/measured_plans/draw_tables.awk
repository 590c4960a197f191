# Draws `count` tables for a CPU from the pool: awk -v count=20 -v seed=1 -f draw_tables.awk production_table_pool.csv
# Pooled tables of 1,000 to 2,000,000 rows and 1 to 100 ids a sample; columns 16, 32, 64 or 128, as in NeuroShard's tasks.
function draw(below) {  # Park and Miller's minimal standard generator
  state = (state * 16807) % 2147483647
  return int(state / 2147483647 * below)
}
BEGIN { FS = ","; state = seed * 1000003 % 2147483646 + 1; for (i = 0; i < 10; ++i) draw(1) }
{ sub(/\r$/, "") }
NR > 1 && $6 == "pooled" && $2 >= 1000 && $2 <= 2000000 && $4 >= 1 && $4 <= 100 { line[n++] = $1 "," $2 ",%d," $4 }
END {
  print "name,rows,dim,pooling"
  for (i = 0; i < count; ++i) {
    j = i + draw(n - i); picked = line[j]; line[j] = line[i]
    printf picked "\n", 16 * 2 ^ draw(4)
  }
}
