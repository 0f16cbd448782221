#!/bin/sh
# Makes what the tests of trytond-kamrules run on: Tryton in .venv-tryton, its web client in build/tryton-sao.
#
# Does nothing when that is there already. Needs Python 3.11 or later and, for the web client, npm; the
# tests of the web client also need Chromium.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
plugin=$(dirname "$here")
root=$(cd "$plugin/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
[ -x "$python" ] || python=python3
venv=$root/.venv-tryton
series=8.0

wanted=$(cat "$here/environment.sh" "$plugin/pyproject.toml" "$root/pyproject.toml" | cksum)
if [ "$(cat "$venv/ready" 2>/dev/null || true)" != "$wanted" ]; then
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --editable "$root" --editable "$plugin[test]" \
        "trytond==$series.*" "trytond-account-invoice==$series.*" "trytond-company==$series.*" \
        "trytond-currency==$series.*" "trytond-party==$series.*" "trytond-product==$series.*" \
        "trytond-sale==$series.*" "trytond-sale-opportunity==$series.*" "proteus==$series.*"
    echo "$wanted" > "$venv/ready"
fi

sao=$root/build/tryton-sao
version="tryton-sao@~$series playwright-core@1"
if command -v npm > /dev/null && [ "$(cat "$sao/ready" 2>/dev/null || true)" != "$version" ]; then
    rm -rf "$sao"
    mkdir -p "$sao"
    echo '{"name": "tryton-web-client", "private": true}' > "$sao/package.json"
    # the client comes built; scripts of its tools are not run
    # shellcheck disable=SC2086
    (cd "$sao" && npm install --silent --no-audit --no-fund --ignore-scripts $version)
    # its page looks for its libraries beside itself, where npm does not put them
    cp -R "$sao/node_modules/tryton-sao" "$sao/web"
    rm -rf "$sao/web/node_modules"
    ln -s ../node_modules "$sao/web/node_modules"
    echo "$version" > "$sao/ready"
fi
