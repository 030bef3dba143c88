/** CORS of a function URL, answered by Lambda itself before the function is asked. Pure. */
import type { IncomingMessage } from 'node:http';
import { type Fields, flag, integer, texts } from './fields.ts';

/** The headers of every answer to a request from `origin`; none when the origin is not allowed. */
export function corsHeaders(cors: Fields, origin: string | undefined): Record<string, string> {
  const origins = texts(cors, 'AllowOrigins') ?? [];
  if (origin === undefined || !(origins.includes('*') || origins.includes(origin))) return {};
  const list = (name: string, header: string): Record<string, string> => {
    const values = texts(cors, name) ?? [];
    return values.length > 0 ? { [header]: values.join(',') } : {};
  };
  const age = integer(cors, 'MaxAge');
  return {
    'access-control-allow-origin': origins.includes('*') ? '*' : origin,
    ...(origins.includes('*') ? {} : { vary: 'Origin' }),
    ...(flag(cors, 'AllowCredentials') ? { 'access-control-allow-credentials': 'true' } : {}),
    ...list('AllowMethods', 'access-control-allow-methods'),
    ...list('AllowHeaders', 'access-control-allow-headers'),
    ...list('ExposeHeaders', 'access-control-expose-headers'),
    ...(age === undefined ? {} : { 'access-control-max-age': String(age) }),
  };
}

/** Whether a browser asks what it may ask. */
export function preflight(request: IncomingMessage): boolean {
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
}
