// What the parts of graph.mjs share: a refusal, and small looks at what there is.

export class Refusal extends Error {
  constructor(status, code) {
    super(code);
    Object.assign(this, { status, code });
  }
}

export const notFound = () => new Refusal(404, 'ResourceNotFound');

export function found(map, id) {
  if (!map.has(id)) throw notFound();
  return map.get(id);
}

export function pick(object, select) {
  if (!select) return object;
  const names = new Set(select.split(','));
  return Object.fromEntries(Object.entries(object).filter(([name]) => names.has(name)));
}

export const literal = (filter) => filter.match(/'(.*)'$/)[1].replaceAll("''", "'");

// The next of a list of states; the last one stays.
export function advance(item) {
  const [now, ...rest] = item.states;
  if (rest.length > 0) item.states = rest;
  return now;
}
