/** What a person sees of the cold starts, and how it is read off the answers. */
import test from 'ava';
import { parseServerTiming } from '../../../layer-builder/start/measure.ts';
import { drawTimelines } from '../../../layer-builder/start/timeline.ts';

test('durations are read off Server-Timing, entries without one are passed over', t => {
  t.deepEqual(
    parseServerTiming('core-choose;dur=0.4, core;desc="layer", core-import;desc="x";dur=12, bad;dur=x'),
    {
      'core-choose': 0.4,
      'core-import': 12,
    },
  );
  t.deepEqual(parseServerTiming(''), {});
});

test('bars of all functions share one scale, and follow each other', t => {
  const drawn = drawTimelines([
    { title: 'a', phases: { choose: 50 }, totalMs: 100 },
    { title: 'b', phases: { download: 25, unpack: 25 }, totalMs: 50 },
  ]).split('\n');
  const bars = drawn
    .filter(line => line.includes(' ms  '))
    .map(line => line.slice(line.indexOf(' ms  ') + 5));
  t.is(bars.length, 5);
  t.is(bars[0], '█'.repeat(22));
  t.is(bars[1], `${' '.repeat(22)}${'█'.repeat(22)}`);
  t.is(bars[3], '█'.repeat(11));
  t.true((bars[4] ?? '').startsWith(' '.repeat(11)));
});
