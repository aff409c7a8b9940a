// The tables of PROTOCOL.md, read at run time: tags, operations, codes, reasons and the
// examples are what the document says, and nothing else.

import { readFileSync } from 'node:fs';

const text = readFileSync(new URL('../../../plugins/mytel/PROTOCOL.md', import.meta.url), 'utf8');

function section(number) {
  const [, rest] = text.split(new RegExp(`^## ${number}\\. .*$`, 'm'));
  return rest.split(/^## /m)[0];
}

// Rows of a section's tables as lists of cells.
const rows = (number) => section(number).split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));

const isNumber = (cell) => /^0x[0-9A-Fa-f]+$/.test(cell);

// "18-20", "8" or "" to [least, most]
function sizes(cell) {
  if (cell === '') return [0, 65535];
  const [least, most = least] = cell.split('-').map(Number);
  return [least, most];
}

// NAME -> { tag, name, kind, list, least, most, digits }
export const tags = Object.fromEntries(rows(3).filter(([first]) => isNumber(first))
  .map(([tag, name, kind, bytes, about]) => [name, {
    tag: Number(tag),
    name,
    kind: kind.split(',')[0],
    list: kind.includes('list'),
    digits: about.startsWith('digits'),
    about,
    least: sizes(bytes)[0],
    most: sizes(bytes)[1],
  }]));
export const tagsByNumber = new Map(Object.values(tags).map((row) => [row.tag, row]));

const numbersOf = (number, written = /^0x/) => Object.fromEntries(rows(number)
  .filter(([first]) => written.test(first)).map(([first, name]) => [name, Number(first)]));

export const frames = numbersOf(2);
export const codes = numbersOf(9);
export const events = numbersOf(10);
export const reasons = numbersOf(12, /^\d+$/);

// "ICCID M, EID O": the mandatory ones; a rule in words ("ICCID or ...") is the reader's.
const mandatory = (cell) => cell.split(', ').filter((each) => / M$/.test(each) && !/ or /.test(each))
  .map((each) => each.slice(0, -2));

// number -> { name, changes, params: [mandatory names] }
export const operations = new Map(rows(8).filter(([first]) => isNumber(first))
  .map(([number, name, kind, params]) => [Number(number), {
    name, changes: kind === 'changes', params: mandatory(params), either: / or /.test(params),
  }]));

export const examples = [...text.matchAll(/```hex\n([^`]*)```/g)]
  .map(([, hex]) => Buffer.from(hex.replace(/\s/g, ''), 'hex'));
