/** A server in a process of its own, to be killed: `node server-process.ts DATA` prints its port. */
import { createCredentialStore } from '../../../local-aws/credentials.ts';
import { openS3 } from '../../../local-aws/s3/index.ts';
import { listen, rootKey } from './support.ts';

const [, , data = ''] = process.argv;
const service = await openS3({ data, region: 'us-east-1', credentials: createCredentialStore([rootKey]) });
const { port } = await listen((request, response) => void service.handle(request, response));
process.stdout.write(`${port}\n`);
