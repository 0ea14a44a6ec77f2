"""Where static/js/state/saved.js keeps trails, run by node: no version overwrites a newer one's."""

import json
import shutil
import subprocess

import pytest

from seedlab.ui.theme import STATIC

NEWER = "This browser also keeps rounds of a newer SeedLab. They come back when that version runs again."
OWN = '{{"version":{},"rounds":[{{"parent":null}}],"path":[1]}}'
KEYS = {2: ["seedlab-rounds"], 3: ["seedlab-rounds-3", "seedlab-rounds"]}

RUN = """
const [module, version, keys, contents, quota] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const data = new Map(Object.entries(contents));
const setItem = (key, text) => {
  const size = [...data].reduce((sum, [other, each]) => sum + (other === key ? 0 : each.length), text.length);
  if (size > quota) throw Object.assign(new Error('full'), { name: 'QuotaExceededError' });
  data.set(key, text);
};
const storage = { getItem: (key) => data.get(key) ?? null, removeItem: (key) => data.delete(key), setItem };
const hasKeys = {
  ownKeys: () => [...data.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
};
globalThis.localStorage = new Proxy(storage, hasKeys);
globalThis.sessionStorage = { getItem: () => '', setItem: () => {} };
const view = { rounds: [], note: '', order: [1], path: [1] };
import(module).then(({ SavedTrail }) => {
  let note = '';
  const saved = new SavedTrail(view, { version, keys }, (text) => { note = text; });
  saved.take({ tree: {}, saved: { 1: { parent: null } } });
  saved.write();
  console.log(JSON.stringify([Object.fromEntries(data), note]));
});
"""


def write(version: int, contents: dict[str, str], quota: int = 1000) -> tuple[dict[str, str], str]:
    """Open a page and save a round. Returns the storage, and what the page says."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    module = (STATIC / "js" / "state" / "saved.js").as_uri()
    given = json.dumps([module, version, KEYS[version], contents, quota])
    done = subprocess.run([node, "-e", RUN], input=given, capture_output=True, text=True, check=True, timeout=60)
    return tuple(json.loads(done.stdout))


def test_a_trail_of_a_newer_version_moves_to_its_place():
    newer = '{"version":3,"rounds":[]}'
    kept, note = write(2, {"seedlab-rounds": newer})
    assert kept == {"seedlab-rounds-3": newer, "seedlab-rounds": OWN.format(2)}
    assert note == NEWER


def test_where_its_place_is_taken_nothing_is_overwritten_and_that_is_said():
    contents = {
        "seedlab-rounds": '{"version":3,"rounds":[]}',
        "seedlab-rounds-3": '{"version":3,"rounds":[],"path":[]}',
    }
    kept, note = write(2, contents)
    assert kept == contents
    assert note.startswith("This browser does not keep the rounds: they will be gone after a reload.")


def test_an_older_version_writes_beside_a_newer_one_s_trail():
    newer = {"seedlab-rounds-3": '{"version":3}'}
    assert write(2, newer | {"seedlab-rounds": '{"version":2}'}) == ({**newer, "seedlab-rounds": OWN.format(2)}, NEWER)


@pytest.mark.parametrize("own", [{}, {"seedlab-rounds-3": '{"version":3}'}])
@pytest.mark.parametrize("quota", [1000, 80])
def test_a_newer_version_takes_the_older_trail_over(own, quota):
    kept, note = write(3, own | {"seedlab-rounds": '{"version":2}'.ljust(40), "seedlab-trail": "x"}, quota)
    assert (kept, note) == ({"seedlab-rounds-3": OWN.format(3)}, "")


@pytest.mark.parametrize("text", ["null", "{", '{"version":"9"}', '{"version":1e300}'])
def test_what_is_no_trail_is_overwritten(text):
    assert write(2, {"seedlab-rounds": text}) == ({"seedlab-rounds": OWN.format(2)}, "")
