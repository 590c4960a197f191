#!/usr/bin/env bash
# Python's tensorboard package reads the event file of a training.
#   tensorboard_reads.sh SHARDWRIGHT     (77: no python3 with that package; PYTHON names another one)
set -euo pipefail
shardwright=$1
python=${PYTHON:-python3}
"$python" -c 'import tensorboard.backend.event_processing.event_accumulator' 2>/dev/null || {
  echo "skipped: no $python with the module tensorboard (pip install tensorboard, in a virtual environment: PYTHON=…)"
  exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$shardwright" data synthetic --num-embeddings-per-feature 200,30 --embedding-dim 8 --samples 640 --test-samples 64 \
  --batch-size 64 -o data >/dev/null 2>&1
"$shardwright" train --data data --bottom-mlp 8,8 --top-mlp 8,1 --output out --tensorboard charts >said 2>&1 || {
  cat said
  exit 1
}
"$python" - charts out/metrics.jsonl <<'END'
import json, struct, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

charts = EventAccumulator(sys.argv[1])
charts.Reload()
events = [json.loads(line) for line in open(sys.argv[2])]
float32 = lambda value: struct.unpack('f', struct.pack('f', value))[0]


def compare(tag, expected):
    found = [(scalar.step, scalar.value) for scalar in charts.Scalars(tag)]
    expected = [(step, float32(value)) for step, value in expected]
    assert found == expected and found, f'{tag}: {found} instead of {expected}'
    print(tag, found[-1])


steps = [event for event in events if event['event'] == 'step']
assert len(steps) == 10, len(steps)
compare('train/loss', [(event['step'] + 1, event['loss']) for event in steps])
compare('train/samples_per_s', [(event['step'] + 1, event['samples_per_s']) for event in steps])
for phase in steps[0]['phase_ms']:
    compare(f'phase_ms_max/{phase}', [(event['step'] + 1, event['phase_ms'][phase]['max']) for event in steps])
compare('test/auc', [(event['steps'], event['auc']) for event in events if event['event'] == 'evaluation'])
END
