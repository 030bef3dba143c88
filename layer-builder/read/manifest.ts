/** Reads package.json: the first fact about a project. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../config/check.ts';
import { BuilderError } from '../errors.ts';
import type { Manifest } from '../types.ts';

/**
 * Throws `PROJECT_NOT_FOUND` when there is no such folder or no package.json in it, `PACKAGE_JSON_INVALID`
 * when the file is no JSON object or a field has the wrong type.
 */
export function readManifest(project: string): Manifest {
  if (!existsSync(project) || !statSync(project).isDirectory()) {
    throw new BuilderError('PROJECT_NOT_FOUND', `no project folder at ${project}`, {
      hint: 'name the folder that holds package.json with --project DIR',
      details: { project },
    });
  }
  const path = join(project, 'package.json');
  if (!existsSync(path)) {
    throw new BuilderError('PROJECT_NOT_FOUND', `no package.json in ${project}`, {
      hint: 'run "npm init", or name the folder that holds package.json with --project DIR',
      details: { project },
    });
  }
  return parseManifest(readFileSync(path, 'utf8'));
}

/** Pure part of `readManifest`. Throws `PACKAGE_JSON_INVALID`. */
export function parseManifest(source: string): Manifest {
  let raw: unknown;
  try {
    // npm accepts a byte order mark, editors on Windows write one.
    raw = JSON.parse(source.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw invalid(`it does not parse (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if (!isRecord(raw))
    throw invalid(`expected an object, found ${Array.isArray(raw) ? 'a list' : typeof raw}`);
  return {
    name: text(raw, 'name'),
    version: text(raw, 'version'),
    main: text(raw, 'main'),
    dependencies: dependencies(raw, 'dependencies'),
    devDependencies: dependencies(raw, 'devDependencies'),
    optionalDependencies: dependencies(raw, 'optionalDependencies'),
    peerDependencies: dependencies(raw, 'peerDependencies'),
    raw,
  };
}

function text(raw: Record<string, unknown>, field: string): string | undefined {
  const value = raw[field];
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(`${field}: expected a text, found ${JSON.stringify(value)}`);
}

function dependencies(raw: Record<string, unknown>, field: string): Record<string, string> {
  const value = raw[field];
  if (value === undefined) return {};
  if (!isRecord(value)) throw invalid(`${field}: expected an object, found ${JSON.stringify(value)}`);
  for (const [name, range] of Object.entries(value)) {
    if (typeof range !== 'string') throw invalid(`${field}.${name}: expected a version range as text`);
  }
  return value as Record<string, string>;
}

function invalid(problem: string): BuilderError {
  return new BuilderError('PACKAGE_JSON_INVALID', `package.json is not valid: ${problem}`, {
    hint: 'correct package.json, then run "npm install"',
  });
}
