/** The part of serverless-http that the edge calls: it has no types of its own. */
declare module 'serverless-http/lib/framework/get-framework.js' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  /** Finds how an app takes requests; the result builds the response and hands both to the app. */
  export default function getFramework(
    app: (request: IncomingMessage, response: ServerResponse) => unknown,
  ): (request: IncomingMessage) => ServerResponse;
}
