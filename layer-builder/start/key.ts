/** The API key of the rehearsal: made once a data folder, so that a curl line of yesterday still works. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Reads the key kept in `data`, or makes one that only the user can read. */
export function rehearsalKey(data: string): string {
  const file = path.join(data, 'api-key');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    mkdirSync(data, { recursive: true });
    const key = randomBytes(18).toString('base64url');
    writeFileSync(file, `${key}\n`, { mode: 0o600 });
    return key;
  }
}
