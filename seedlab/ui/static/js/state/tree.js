// The tree of rounds: which come one after another on the screen, and which were made from the same picture.

// Applies what changed in the order of the rounds (see seedlab/ui/views/tree.py).
export function moveRounds(view, { kept, path, moved, gone, focus }) {
  const { known, parents, labels } = view;
  const left = new Set([...(gone || view.order), ...moved]);
  view.order = [...view.order.filter((id) => !left.has(id)), ...moved];
  view.path = [...view.path.slice(0, kept), ...path];
  view.focus = focus;
  const order = new Set(view.order);
  for (const map of [known, parents, labels]) for (const id of [...map.keys()]) if (!order.has(id)) map.delete(id);
  view.rounds = view.path.map((id) => known.get(id));
  view.roots = listRoots(labels, view.path[0]);
}

// The first rounds, oldest first; none where there is only one.
function listRoots(labels, current) {
  const ids = [...labels.keys()].sort((a, b) => a - b);
  return ids.length < 2 ? [] : ids.map((id) => ({ id, label: labels.get(id), current: id === current }));
}

// For each round of the path: `locked` (the tile that the next one was made from, or null), `siblings` (the rounds made
// from the same picture, if there are several), and `varied` (the tiles that rounds were made from).
export function findLinks(path, parents) {
  const children = new Map();
  for (const [id, parent] of parents) if (parent) children.set(String(parent), [...(children.get(String(parent)) || []), id]);
  const locked = new Map(path.map((id) => parents.get(id)).filter(Boolean));
  const varied = new Map();
  for (const place of children.keys()) {
    const [id, index] = place.split(',').map(Number);
    varied.set(id, [...(varied.get(id) || []), index]);
  }
  return path.map((id) => {
    const siblings = (parents.get(id) && children.get(String(parents.get(id)))) || [];
    return {
      locked: locked.get(id) ?? null,
      siblings: siblings.length > 1 ? [...siblings].sort((a, b) => a - b) : [],
      varied: (varied.get(id) || []).sort((a, b) => a - b),
    };
  });
}
