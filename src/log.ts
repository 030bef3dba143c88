/** One JSON line per event. Secrets never reach a line: facts are chosen by hand and texts are redacted all the same. */
import type { LogLevel, Settings } from './settings.ts';

export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = (level: LogLevel, message: string, facts?: Facts) => void;

const order: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

/** Makes the log. `write` gets whole lines; Lambda's runtime takes what the process writes to its stdout. */
export function createLog(settings: Settings, service: string, write: (line: string) => void): Log {
  const least = order.indexOf(settings.logLevel);
  const literals = [settings.keyValue, settings.previousKeyValue, settings.ipDataKey, settings.gitHubToken];
  const secrets = literals.filter(text => text !== undefined && text.length >= 8) as string[];
  return (level, message, facts = {}) => {
    if (order.indexOf(level) < least) return;
    const line = { level, message, timestamp: new Date().toISOString(), service, ...facts };
    write(`${redact(JSON.stringify(line), secrets)}\n`);
  };
}

/** Hides known secrets, and whatever stands where a secret stands: `api-key=…` in an address, a bearer token. */
function redact(line: string, secrets: readonly string[]): string {
  let safe = line;
  for (const secret of secrets) safe = safe.replaceAll(JSON.stringify(secret).slice(1, -1), '[redacted]');
  return safe.replace(/\b(api[-_]?key=|token=|bearer )[^\s"&]{1,500}/gi, '$1[redacted]');
}
