#!/usr/bin/env bash
# Runs the README's Docker steps in their order, from an engine that has none of this project's images.
# Needs a Docker engine with compose. It uses a project, image names and ports of its own, and removes all of them.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$(mktemp -d)
project="lead-check-$$"
port=${API_PORT:-18000}
files=(docker-compose.yml Dockerfile.api Dockerfile.worker .env.example)
compose=(docker compose -p "$project" --project-directory "$folder" -f "$folder/docker-compose.yml")

finish() {
  local result=$?
  [ "$result" = 0 ] || "${compose[@]}" logs --tail 20 --no-color || true
  "${compose[@]}" --profile live --profile demo down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1 || true
  docker image rm --force "$project-api" "$project-worker" "$project-sandbox" >/dev/null 2>&1 || true
  rm -rf "$folder"
  [ "$result" = 0 ] && echo "the compose check has passed" || echo "the compose check has FAILED" >&2
  exit "$result"
}
trap finish EXIT

step() { printf '%s\n' "--- $*"; }

# Prints the output of a command, and fails unless it holds the expected words. The command itself may fail.
expect() {
  local words=$1 output
  shift
  output=$("$@" 2>&1 </dev/null) || true
  printf '%s\n' "$output" | tail -n 12
  grep -qF -- "$words" <<<"$output" || { echo "expected: $words" >&2; return 1; }
}

# A copy, so that the .env of this folder and the images of a live project stay as they are.
tar --exclude=.git --exclude='.venv*' --exclude=.demo --exclude=.env --exclude='*.db' -cf - . | tar -xf - -C "$folder"
for file in "${files[@]}"; do [ -f "$folder/$file" ] || { echo "$file is missing" >&2; exit 1; }; done
sed -i "s/image: ai-lead-assistant-/image: $project-/" "$folder/docker-compose.yml"

step "1. fill in the settings"
cp "$folder/.env.example" "$folder/.env"
sed -i \
  -e 's/^TELEGRAM_API_ID=.*/TELEGRAM_API_ID=1/' -e 's/^TELEGRAM_API_HASH=.*/TELEGRAM_API_HASH=check/' \
  -e 's/^OPENAI_API_KEY=.*/OPENAI_API_KEY=check/' -e 's|^CALENDLY_LINK=.*|CALENDLY_LINK=https://calendly.com/check|' \
  -e "s/^API_PORT=.*/API_PORT=$port/" "$folder/.env"

# Without step 2, as on a machine where nothing is built yet. There is no terminal here, so login ends with one line.
step "3. sign in"
expect "ошибка:" "${compose[@]}" run --rm worker python -m worker login

step "2. build the images"
"${compose[@]}" build --quiet

step "4. start it"
"${compose[@]}" up -d --wait --wait-timeout 180 api
curl -fsS "http://127.0.0.1:$port/readyz"
echo
# The worker waits for its account: the doctor says so, and its exit code is 1.
expect "СБОЙ" "${compose[@]}" run --rm worker python -m worker doctor
expect "аккаунт: пока нет" "${compose[@]}" run --rm worker python -m worker status
