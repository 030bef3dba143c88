#!/usr/bin/env bash
# Unpacks Debian packages with all that they need into a folder, for chroot: nothing of this machine is changed.
# usage: debian.sh SUITE FOLDER PACKAGE…
set -euo pipefail
suite=$1 folder=$2
shift 2
[ -e "$folder/.done" ] && exit 0
rm -rf "$folder" "$folder.apt"
mkdir -p "$folder.apt"/{state/lists/partial,cache/archives/partial} "$folder"/{usr/bin,usr/sbin,usr/lib,usr/lib64,proc,dev,tmp}
touch "$folder.apt/status"
# The mirror of this machine; that of its own packages comes first.
mirror=$(apt-get indextargets --format '$(SITE)' | head -1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$folder.apt/sources.list"
own=(apt-get -qq -o "Dir::State=$folder.apt/state" -o "Dir::State::status=$folder.apt/status"
  -o "Dir::Cache=$folder.apt/cache" -o "Dir::Etc::sourcelist=$folder.apt/sources.list"
  -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o APT::Sandbox::User=root)
"${own[@]}" update
"${own[@]}" -y --no-install-recommends --download-only install "$@" > /dev/null
for name in bin sbin lib lib64; do ln -s "usr/$name" "$folder/$name"; done
for package in "$folder.apt"/cache/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$folder" --keep-directory-symlink
done
rm -rf "$folder.apt"
touch "$folder/.done"
