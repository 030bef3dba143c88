/** The line of a request that `DEBUG=true` adds: what it looks like, never what it carries. */
import type { Logger } from '../log.ts';
import { runInScope } from './scope.ts';
import type { Visit } from './visit.ts';

/** Headers whose values say how a client works and nothing of who it is. */
const shown = [
  'accept',
  'accept-encoding',
  'content-encoding',
  'content-type',
  'content-length',
  'user-agent',
];

/** Writes path, names of parameters and headers, sizes. Values of the query, the cookies and the body never. */
export function logDetail(visit: Visit, logger: Logger): void {
  const { request, source } = visit;
  if (request === undefined) return;
  const [path = '', query = ''] = request.url.split('?', 2);
  const headers = Object.fromEntries(
    shown.flatMap(name => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])),
  );
  const fields = {
    source,
    method: request.method,
    path,
    query_names: [...new URLSearchParams(query).keys()],
    header_names: Object.keys(request.headers),
    headers,
    body_bytes: request.body.length,
  };
  runInScope(visit, () => logger.log('DEBUG', 'request received', fields), undefined);
}
