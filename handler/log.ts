/** One JSON line per event to stdout. Only named fields are written, every text is redacted, nothing can break the line. */

import { redacted, redactText } from './edge/redact.ts';
import type { Scope } from './edge/scope.ts';
import { currentScope } from './edge/scope.ts';
import type { EdgeSettings } from './edge/settings.ts';

/** Lambda's own names, in order. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html */
export const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
export type Level = (typeof levels)[number];

/** Facts beside the message. Texts are redacted, depth and length bounded; an error becomes name, message, code, stack. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  /** Writes one line, with the ids of the current request where there is one. Never throws. */
  readonly log: (level: Level, message: string, fields?: LogFields) => void;
  readonly isEnabled: (level: Level) => boolean;
}

export type LogSettings = Pick<EdgeSettings, 'service' | 'level' | 'format' | 'secrets'>;

/** Lambda wraps the console; a line of ours goes past it, as it is. */
export const writeStdout = (line: string): void => {
  process.stdout.write(line);
};

/** A logger for one function. @param write takes one line with its line feed; a test passes its own. */
export function createLogger(settings: LogSettings, write: (line: string) => void = writeStdout): Logger {
  const threshold = levels.indexOf(settings.level);
  const isEnabled = (level: Level) => levels.indexOf(level) >= threshold;
  return {
    isEnabled,
    log(level, message, fields = {}) {
      if (!isEnabled(level)) return;
      const scope = currentScope();
      const secrets = scope === undefined ? settings.secrets : [...settings.secrets, ...scope.secrets()];
      const clean: Cleaner = { secrets, inputs: () => scope?.inputs() ?? [] };
      const timestamp = new Date().toISOString();
      const record = {
        level,
        message: redactText(message, secrets),
        timestamp,
        service: settings.service,
        ...(scope === undefined ? {} : scopeFields(scope)),
        ...cleanSafely(fields, clean),
      };
      write(formatLine(record, level, timestamp, scope?.functionRequestId, settings.format));
    },
  };
}

/** The ids every line of a request carries. */
export function scopeFields(scope: Scope): LogFields {
  return {
    cold_start: scope.coldStart,
    function_request_id: scope.functionRequestId,
    correlation_id: scope.correlationId,
    xray_trace_id: scope.traceId,
  };
}

/** JSON, or with `AWS_LAMBDA_LOG_FORMAT=Text` the same JSON behind the prefix of Lambda's own text format. */
export function formatLine(
  record: LogFields,
  level: Level,
  timestamp: string,
  requestId: string | undefined,
  format: LogSettings['format'],
): string {
  const json = escapeControls(JSON.stringify(record));
  return format === 'JSON' ? `${json}\n` : `${timestamp}\t${requestId ?? '-'}\t${level}\t${json}\n`;
}

/** JSON escapes C0 alone; the rest here moves a terminal's cursor, ends a line or reverses the text. */
const unsafe = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export function escapeControls(json: string): string {
  return json.replace(unsafe, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const maximumDepth = 6;
const maximumItems = 64;
/** A field with such a name is never shown, whatever it holds. */
const secretField = /authorization|cookie|api[-_]?key|token|secret|password|credential/i;

interface Cleaner {
  readonly secrets: readonly string[];
  /** Made only where an error is logged. */
  readonly inputs: () => readonly string[];
}

/** An object may throw when it is read; the line is written all the same. */
function cleanSafely(fields: LogFields, clean: Cleaner): LogFields {
  try {
    return cleanFields(fields, clean) as LogFields;
  } catch {
    return { fields: '[unreadable]' };
  }
}

function cleanFields(value: unknown, clean: Cleaner, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value, clean.secrets);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return '[function]';
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maximumDepth) return '[deeper]';
  if (value instanceof Error) {
    const secrets = [...clean.secrets, ...clean.inputs()];
    return cleanFields(errorFields(value), { secrets, inputs: () => [] }, depth);
  }
  if (value instanceof Date) return String(value);
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (Array.isArray(value)) {
    return value.slice(0, maximumItems).map(item => cleanFields(item, clean, depth + 1));
  }
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, maximumItems)
      .map(([name, item]) => [redactText(name, clean.secrets), cleanField(name, item, clean, depth + 1)]),
  );
}

function cleanField(name: string, value: unknown, clean: Cleaner, depth: number): unknown {
  if (secretField.test(name) && typeof value !== 'number' && typeof value !== 'boolean') return redacted;
  // the text of an error quotes what it was given, just as the error itself does
  if (typeof value === 'string' && errorField.test(name)) {
    const text = value.replace(quotedJsonLine, 'the text is not valid JSON');
    return redactText(text, [...clean.secrets, ...clean.inputs()]);
  }
  return cleanFields(value, clean, depth);
}

const errorField = /^(?:error|stack|cause|reason)$/i;

/** Own named properties alone: an SDK's error carries the whole request with its signature. */
function errorFields(error: Error): LogFields {
  const { code, hint, details, cause, errors } = error as Error & Readonly<Record<string, unknown>>;
  return {
    name: error.name,
    message: error.message.replace(quotedJson, 'the text is not valid JSON'),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(isPlain(details) && Object.keys(details).length > 0 ? { details } : {}),
    // the first lines repeat the message
    stack: error.stack
      ?.split('\n')
      .filter(line => line.startsWith('    at '))
      .slice(0, maximumFrames),
    ...(Array.isArray(errors) ? { errors } : {}),
    ...(cause instanceof Error ? { cause } : {}),
  };
}

const maximumFrames = 10;
/** V8 quotes the text it could not parse, cut anywhere: no list of values finds half a secret. */
const quotedJson = /^(?:.{0,60}, )?(?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s;
const quotedJsonLine = /(?:\.\.\.)?"[^\n]{0,200}"(?:\.\.\.)? is not valid JSON/;

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
