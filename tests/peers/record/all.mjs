// Records anew: RECORD=tests/data/recorded node tests/peers/record/all.mjs [ADAPTER...]
// from the top of a checkout that is built. Without RECORD nothing is written.

import { recordAtom } from './atom.mjs';
import { recordIntune } from './intune.mjs';
import { recordMpt } from './mpt.mjs';
import { recordMytel } from './mytel.mjs';
import { recordOoredoo } from './ooredoo.mjs';

const recorders = {
  atom: recordAtom, ooredoo: recordOoredoo, intune: recordIntune, mpt: recordMpt, mytel: recordMytel,
};
const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : Object.keys(recorders)) await recorders[name]();
