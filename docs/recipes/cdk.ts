/**
 * AWS CDK: layer-builder publish … --format cdk > layers.json && layer-builder package && cdk deploy --app 'node cdk.ts'
 * The context of layers.json says which layer version and which bucket each region has.
 */
import { readFileSync } from 'node:fs';
import { App, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

interface Published {
  readonly [artifact: string]: { readonly arn: string; readonly bucket: string; readonly key: string };
}

class Api extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { readonly core: Published[string] }) {
    super(scope, id, props);
    const { arn, bucket, key } = props.core;
    const api = new lambda.Function(this, 'Api', {
      code: lambda.Code.fromAsset('.layer-builder/function.zip'),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.X86_64,
      memorySize: 512,
      timeout: Duration.seconds(30),
      layers: [lambda.LayerVersion.fromLayerVersionArn(this, 'Dependencies', arn)],
      environment: { DEPS_SOURCE: 'auto' },
    });
    api.addToRolePolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: [`arn:aws:s3:::${bucket}/${key.slice(0, key.lastIndexOf('/'))}/*`],
      }),
    );
    api.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
  }
}

const app = new App(JSON.parse(readFileSync('layers.json', 'utf8')));
const region = process.env['AWS_REGION'] ?? 'us-east-1';
const published = app.node.tryGetContext('layer-builder:github-digest')[region] as Published;
new Api(app, 'GithubDigest', { env: { region }, core: published['core'] });
