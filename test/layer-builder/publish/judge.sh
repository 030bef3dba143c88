#!/usr/bin/env bash
# Runs the publish suite against moto, an implementation of S3 and Lambda that is not ours, where moto_server is installed.
# Left out: gc, status and doctor (moto wants IAM roles for functions) and wrong credentials (moto accepts any).
set -euo pipefail
cd "$(dirname "$0")/../../.."
command -v moto_server >/dev/null || { echo 'SKIPPED: no moto_server on the PATH'; exit 0; }
port=${1:-5123}
moto_server -H 127.0.0.1 -p "$port" >/dev/null 2>&1 &
trap 'kill $!' EXIT
until curl -s -o /dev/null "http://127.0.0.1:$port/"; do sleep 0.2; done
export JUDGE_ENDPOINT=http://127.0.0.1:$port
npx ava --serial test/layer-builder/publish/{publish,faults,regions}.test.ts
