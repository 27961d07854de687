#!/usr/bin/env bash
# What the tests need beside Python: Java and Maven (for a real Kafka), Redis, Chromium.
# On Debian as root a missing one is installed; elsewhere the command is named.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=()
command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || missing+=(maven)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing+=(chromium)
command -v promtool >/dev/null || missing+=(prometheus)

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests: ${missing[*]}"
    apt-get update -qq
    # Debian starts servers on install; the tests start their own.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "The tests need: ${missing[*]}"
    echo "On Debian or Ubuntu:  sudo apt-get install ${missing[*]}"
    echo "On a Mac:             brew install openjdk@17 maven redis chromium prometheus"
    exit 1
  fi
fi

if [ ! -e .cache/kafka/complete ]; then
  echo "Fetching Kafka 4.1 from Maven Central (43 MB) into .cache/kafka"
  mkdir -p .cache/kafka
  mvn -q -B -Dstyle.color=never -f tests/servers/pom.xml dependency:copy-dependencies \
    -DoutputDirectory="$PWD/.cache/kafka" -DincludeScope=runtime
  touch .cache/kafka/complete
fi
