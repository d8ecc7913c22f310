# Sourced by ./play and ./check, which set PROJECT: the virtual environment and what is installed in it.
# It lies in .venv, or where the variable VENV says. Bash 3.2, as on macOS, is enough.
# shellcheck shell=bash

VENV="${VENV:-$PROJECT/.venv}"
case "$VENV" in /*) ;; *) VENV="$PWD/$VENV" ;; esac
PYTHON="$VENV/bin/python"

say() { printf '%s\n' "$*" >&2; }
give_up() {
  say "$@"
  exit 1
}

# prepare FILE...: an environment in which the packages of these requirements files are installed.
prepare() {
  usable || make_environment
  local file
  for file in "$@"; do install_packages "$file"; done
}

usable() { "$PYTHON" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

make_environment() {
  if [ -d "$VENV" ] && [ ! -f "$VENV/pyvenv.cfg" ] && [ -n "$(ls -A "$VENV")" ]; then
    give_up "$VENV is a folder with other things in it. Empty it, or set VENV to another place."
  fi
  find_python
  [ -n "$able" ] || add_python
  say "Making a virtual environment in $VENV with $("$able" --version)."
  "$able" -m venv --clear "$VENV"
}

# Sets $found to the first Python that is new enough, and $able to the first of these that can make environments.
find_python() {
  local name
  found="" able=""
  for name in python3.13 python3.12 python3.11 python3.14 python3 python; do
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
    found="${found:-$name}"
    "$name" -c 'import ensurepip, venv' >/dev/null 2>&1 || continue
    able="$name"
    return
  done
}

# On Debian and Ubuntu, installs what find_python missed; elsewhere, says what to do.
add_python() {
  local versions="3 3.12 3.11" version
  if [ -n "$found" ]; then
    versions="$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
  fi
  if command -v apt-get >/dev/null 2>&1 && as_root true >/dev/null 2>&1; then
    say "Installing what Python needs to make a virtual environment."
    as_root apt-get update -qq </dev/null >/dev/null || true
    for version in $versions; do
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "python$version" "python$version-venv" \
        </dev/null >/dev/null 2>&1 || continue
      find_python
      [ -z "$able" ] || return 0
    done
  fi
  if [ -z "$found" ]; then
    give_up "Python 3.11 or newer is needed, and none was found. Install it, e.g. with
  sudo apt-get install -y python3 python3-venv    (Debian, Ubuntu)
  brew install python@3.13                        (macOS)
or from https://www.python.org/downloads, and run this again."
  elif command -v apt-get >/dev/null 2>&1; then
    give_up "$found cannot make virtual environments yet. Run this, and then the same command again:
  sudo apt-get install -y python$versions-venv"
  fi
  give_up "$found cannot make virtual environments: it lacks the modules venv and ensurepip. Install them."
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# install_packages FILE: unless the environment already holds the packages of just this version of the file.
install_packages() {
  local file="$PROJECT/$1" stamp="$VENV/$1"
  cmp -s "$file" "$stamp" && return
  rm -f "$stamp"
  prefer_cpu_torch "$file"
  say "Installing the packages of $1; the first time this takes some minutes."
  pip_install --requirement "$file" || give_up "That failed; see above. Run the same command again to go on."
  cp "$file" "$stamp"
}

# The usual torch for Linux brings several GB of CUDA packages; a machine without an NVIDIA GPU is spared them where
# PyTorch's own index can be reached.
prefer_cpu_torch() {
  local pin
  pin="$(grep '^torch==' "$1")" || return 0
  if [ "$(uname -s)" != Linux ] || command -v nvidia-smi >/dev/null 2>&1; then return 0; fi
  say "Installing torch for the CPU."
  pip_install --no-deps --timeout 10 --retries 0 --index-url https://download.pytorch.org/whl/cpu "$pin" \
    >/dev/null 2>&1 || say "PyTorch's own index cannot be reached; torch will come with the other packages."
}

pip_install() { "$PYTHON" -m pip install --quiet --no-input --disable-pip-version-check "$@" </dev/null; }
