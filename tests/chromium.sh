#!/usr/bin/env bash
# Prints the path of a Chromium; as root on Debian it installs one when there is none.
set -euo pipefail
if [ -n "${CHROMIUM:-}" ]; then echo "$CHROMIUM"; exit; fi
find_one() { command -v chromium || command -v google-chrome || command -v chromium-browser; }
if find_one; then exit; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing Chromium with apt" >&2
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >&2
  find_one
else
  echo "no Chromium found: install it (Debian: sudo apt-get install chromium) or set CHROMIUM to its path" >&2
  exit 1
fi
