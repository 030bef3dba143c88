#!/usr/bin/env bash
# Runs the publish suite against implementations that are not ours, and says what was judged and what was not:
#   moto   S3 and Lambda; takes any credentials, keeps no checksums
#   swift  OpenStack Swift's s3api in the place of S3, with signatures and checksums verified; Lambda is local-aws's,
#          which gets the bytes of each layer from Swift
# usage: judge.sh [moto|swift]...   both when none is named. Exit status 1 when a judge found something; one that cannot be
# had here is skipped, loudly. As root on a machine with Debian's packages they are unpacked into $JUDGE_ROOT (about 500 MB,
# once; nothing is installed on the machine itself but mmdebstrap); a moto_server on the PATH is taken as it is.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here=test/layer-builder/publish
root=${JUDGE_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/layer-builder/judges}
# four in a row from here; others of this machine may run judges too
port=${JUDGE_PORT:-$((20000 + RANDOM % 20000))}
export PATH="$PWD/node_modules/.bin:$PATH" EVENTLET_NO_GREENDNS=yes
started=()
summary=()
failed=0

stop() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  started=()
}
trap stop EXIT

# The packages, unpacked and not configured: no service of theirs is started, no user made.
unpack() {
  [ -e "$root/complete" ] && return
  [ "$(id -u)" = 0 ] || { echo 'not root'; return 1; }
  command -v apt-get >/dev/null || { echo 'no Debian packages here'; return 1; }
  command -v mmdebstrap >/dev/null || apt-get install -y --no-install-recommends mmdebstrap >/dev/null || return 1
  mkdir -p "$(dirname "$root")"
  rm -rf "$root"
  mmdebstrap --quiet --variant=extract --mode=root --aptopt='Acquire::Check-Valid-Until "false"' \
    --include=swift-proxy,swift-account,swift-container,swift-object,python3-moto,python3-flask,python3-flask-cors \
    sid "$root" || return 1
  for folder in bin sbin lib lib64; do [ -e "$root/$folder" ] || ln -s "usr/$folder" "$root/$folder"; done
  mkdir -p "$root/proc" "$root/srv/node/d1"
  echo '127.0.0.1 localhost' >"$root/etc/hosts"
  touch "$root/complete"
}

# A program of the packages, with /proc, in a mount namespace that ends with it.
inside() {
  exec unshare --mount sh -c 'mount --bind /proc "$0/proc" && exec chroot "$0" "$@"' "$root" "$@"
}

answers() {
  for _ in $(seq 120); do
    curl -s -o /dev/null "http://127.0.0.1:$1/" && return
    sleep 0.5
  done
  echo "nothing answers on port $1"
  return 1
}

start_moto() {
  if command -v moto_server >/dev/null; then
    moto_server -H 127.0.0.1 -p "$port" >/dev/null 2>&1 &
  else
    unpack || return 1
    (inside /usr/bin/moto_server -H 127.0.0.1 -p "$port") >/dev/null 2>&1 &
  fi
  started+=($!)
  answers "$port"
}

start_swift() {
  unpack || return 1
  rm -rf "$root/srv/node/d1" "$root"/etc/swift/*.builder "$root"/etc/swift/*.ring.gz "$root/etc/swift/backups"
  mkdir -p "$root/srv/node/d1" "$root/etc/swift/backups"
  cp $here/swift/swift.conf $here/swift/proxy-server.conf "$root/etc/swift/"
  sed -i "s/PORT/$port/" "$root/etc/swift/proxy-server.conf"
  local offset=0 name
  for name in account container object; do
    offset=$((offset + 1))
    sed "s/NAME/$name/g; s/PORT/$((port + offset))/" $here/swift/storage-server.conf >"$root/etc/swift/$name-server.conf"
    (inside /usr/bin/python3 - "/etc/swift/$name" "$((port + offset))" <$here/swift/ring.py) || return 1
    (inside "/usr/bin/swift-$name-server" "/etc/swift/$name-server.conf") >/dev/null 2>&1 &
    started+=($!)
  done
  (inside /usr/bin/swift-proxy-server /etc/swift/proxy-server.conf) >/dev/null 2>&1 &
  started+=($!)
  answers "$port"
}

leave_out() {
  local title
  for title in "$@"; do left_out+=(-m "!$title"); done
}

judge() {
  local name=$1 reason
  shift
  if ! "start_$name" >"${TMPDIR:-/tmp}/judge-$name.log" 2>&1; then
    reason=$(tail -n 1 "${TMPDIR:-/tmp}/judge-$name.log")
    summary+=("SKIPPED $name: ${reason:-it could not be started}")
    stop
    return
  fi
  local log found=''
  log=$(mktemp)
  env "$@" npx ava --serial --timeout=2m "${files[@]}" "${left_out[@]}" 2>&1 | tee "$log" || found='FAILED '
  [ -z "$found" ] || failed=1
  summary+=("$found$name: $(grep -E '^ +[0-9]+ tests? (passed|failed|skipped)' "$log" | sed 's/^ *//' | paste -sd, | sed 's/,/, /g')")
  rm -f "$log"
  stop
}

[ $# -gt 0 ] || set -- moto swift
for name in "$@"; do
  left_out=()
  # What asks nobody anything judges nobody.
  leave_out 'diff says*' 'diff shows*' 'diff of code*' 'markdown*' '--format * gives*' 'D12 at most*'
  case $name in
    moto)
      # What needs functions (moto wants IAM roles and Docker for them) or the code of a layer (it hands out no address for
      # it). Wrong credentials are left out by the test itself: it takes any.
      leave_out 'D16 gc shows*' 'status says*' 'diff compares*' 'load --source layer without*'
      files=($here/{publish,faults,regions,channels,diff,load,many}.test.ts)
      judge moto "JUDGE_ENDPOINT=http://127.0.0.1:$port"
      ;;
    swift)
      # Regions (one Swift is one region), and whatever moves a channel that is there already: Swift answers 501 to If-Match.
      leave_out '*channel*' '*rollback*' '*plan is applied*' '*not pointed to*' 'a release holds*' \
        '*does not answer moves*' 'D16 gc shows*' 'promote *'
      files=($here/{publish,faults,channels,stage,diff,load,many}.test.ts)
      judge swift "JUDGE_S3=http://127.0.0.1:$port"
      ;;
    *)
      echo "no judge $name (moto, swift)" >&2
      exit 2
      ;;
  esac
done
printf '%s\n' '' "${summary[@]}"
exit $failed
