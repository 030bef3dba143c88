/** C15, C16 and C18: damaged archives are refused, or they still are the same archive. */
import test from 'ava';
import { mutate, seeded } from '../../support/zips/mutate.ts';
import { soundArchives } from '../../support/zips/sound.ts';
import { treeInMemory, verdictOn } from './support.ts';

for (const { title, zip } of soundArchives) {
  test(`C15 cut at any byte, an archive ${title} is refused`, t => {
    for (let length = 0; length < zip.length; length++) {
      t.regex(verdictOn(zip.subarray(0, length)), /^ZIP_/, `cut to ${length} of ${zip.length} bytes`);
    }
  });

  test(`C16 with any bit flipped, an archive ${title} is refused or is the identical tree`, t => {
    const tree = treeInMemory(zip);
    const mutant = Buffer.from(zip);
    let refusals = 0;
    for (let bit = 0; bit < zip.length * 8; bit++) {
      const at = bit >> 3;
      mutant[at] = (zip[at] ?? 0) ^ (1 << (bit & 7));
      const verdict = verdictOn(mutant);
      if (verdict.startsWith('ZIP_')) refusals++;
      else if (verdict !== tree) t.fail(`bit ${bit & 7} of byte ${at} makes another tree`);
      mutant[at] = zip[at] ?? 0;
    }
    t.log(`${refusals} of ${zip.length * 8} refused`);
    t.true(refusals > zip.length * 4);
  });
}

test('C18 20,000 archives damaged at random are refused with a code or accepted, nothing else', t => {
  const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_123);
  t.log(`FUZZ_SEED=${seed}`);
  const random = seeded(seed);
  let accepted = 0;
  for (let count = 0; count < 20_000; count++) {
    const pick = () => soundArchives[random() % soundArchives.length]?.zip ?? Buffer.alloc(0);
    const verdict = verdictOn(mutate(pick(), pick(), random));
    if (verdict.startsWith('sha256:')) accepted++;
    else if (!verdict.startsWith('ZIP_')) t.fail(verdict);
  }
  t.log(`${accepted} accepted`);
  t.true(accepted < 20_000);
});
