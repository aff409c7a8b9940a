// The SM-DP+'s profiles: what may follow what (SGP.22 v2.2 3.1.6), and why not (5.3).
// Every function answers { members } or { failed: [subject, reason] }.

import { createHash, randomInt } from 'node:crypto';

const ORDERED = ['Allocated', 'Linked'];
const CANCELLABLE = ['Allocated', 'Linked', 'Confirmed', 'Released', 'Error'];
const GONE_TO_DEVICE = ['Downloaded', 'Installed'];
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

const failed = (subject, reason) => ({ failed: [subject, reason] });
const done = (members = {}) => ({ members });

function withLuhn(digits) {
  let sum = 0;
  [...digits].reverse().forEach((digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return digits + ((10 - (sum % 10)) % 10);
}

const unpadded = (iccid) => iccid.replace(/F$/, '');

function newMatchingId() {
  const group = () => Array.from({ length: 5 }, () => ALPHABET[randomInt(36)]).join('');
  return [group(), group(), group(), group()].join('-');
}

const digest = (text) => createHash('sha256').update(text).digest('hex');

export class Profiles {
  // stock: { TYPE: count }; onChange({ iccid, from, to, by }) hears every change of state.
  constructor({ stock, prefix = '899599', smdpAddress = 'smdp.peer.example', onChange }) {
    this.byIccid = new Map();
    this.types = new Set(Object.keys(stock));
    this.smdpAddress = smdpAddress;
    this.onChange = onChange ?? (() => {});
    let serial = 0;
    for (const [type, count] of Object.entries(stock)) {
      for (let i = 0; i < count; i += 1) {
        const body = prefix + String((serial += 1)).padStart(18 - prefix.length, '0');
        const iccid = withLuhn(body);
        this.byIccid.set(iccid, { iccid, type, state: 'Available' });
      }
    }
  }

  find(iccid) {
    return this.byIccid.get(unpadded(iccid));
  }

  // The profile waiting for a device, by what is in its activation code.
  waitingFor(matchingId, eid) {
    return [...this.byIccid.values()].find((profile) => profile.matchingId === matchingId
      && (matchingId !== '' || profile.eid === eid));
  }

  move(profile, to, by) {
    this.onChange({ iccid: profile.iccid, from: profile.state, to, by });
    profile.state = to;
  }

  // Known, and not somebody else's.
  owned({ iccid, header }) {
    const profile = this.find(iccid);
    if (!profile) return failed('8.2.1', '3.9');
    const requester = header.functionRequesterIdentifier;
    if (profile.requester && profile.requester !== requester) return failed('8.2.1', '1.2');
    return { profile };
  }

  downloadOrder(body) {
    const { iccid, eid, profileType, header } = body;
    let profile;
    if (iccid !== undefined) {
      const found = this.owned(body);
      if (found.failed) return found;
      profile = found.profile;
    }
    if (profileType !== undefined && !this.types.has(profileType)) {
      return failed('8.2.5', '3.9');
    }
    if (!profile) {
      profile = [...this.byIccid.values()]
        .find((each) => each.type === profileType && each.state === 'Available');
      if (!profile) return failed('8.2.5', '3.7');
    }
    if (profile.state !== 'Available') return failed('8.2.1', '3.3');
    if (profileType !== undefined && profile.type !== profileType) {
      return failed('8.2.5', '3.8');
    }
    profile.requester = header.functionRequesterIdentifier;
    profile.eid = eid;
    profile.isPadded = iccid?.endsWith('F') ?? false;
    this.move(profile, eid === undefined ? 'Allocated' : 'Linked',
      header.functionCallIdentifier);
    return done({ iccid: profile.iccid + (profile.isPadded ? 'F' : '') });
  }

  confirmOrder(body) {
    const { eid, matchingId, smdsAddress, releaseFlag, confirmationCode, header } = body;
    const { profile, ...wrong } = this.owned(body);
    if (!profile) return wrong;
    if (!ORDERED.includes(profile.state)) return failed('8.2.1', '3.5');
    if (eid !== undefined && profile.eid !== undefined && eid !== profile.eid) {
      return failed('8.1.1', '3.10');
    }
    if (smdsAddress !== undefined && matchingId === '') return failed('1.6', '2.1');
    const needsEid = smdsAddress !== undefined || matchingId === '';
    if (needsEid && eid === undefined && profile.eid === undefined) {
      return failed('8.1.1', '2.2');
    }
    const taken = matchingId && [...this.byIccid.values()]
      .some((other) => other !== profile && other.matchingId === matchingId);
    if (taken) return failed('8.2.6', '3.3');
    profile.matchingId = matchingId ?? newMatchingId();
    profile.eid = eid ?? profile.eid;
    profile.confirmation = confirmationCode && digest(confirmationCode);
    this.move(profile, releaseFlag ? 'Released' : 'Confirmed',
      header.functionCallIdentifier);
    return done({
      ...(profile.eid !== undefined && { eid: profile.eid }),
      matchingId: profile.matchingId,
      ...(this.smdpAddress && { smdpAddress: this.smdpAddress }),
    });
  }

  cancelOrder(body) {
    const { eid, matchingId, finalProfileStatusIndicator, header } = body;
    const { profile, ...wrong } = this.owned(body);
    if (!profile) return wrong;
    if (GONE_TO_DEVICE.includes(profile.state)) return failed('8.2.1', '3.3');
    if (!CANCELLABLE.includes(profile.state)) return failed('8.2.1', '3.5');
    if (profile.eid !== undefined && eid === undefined) return failed('1.6', '2.3');
    if (eid !== undefined && eid !== profile.eid) return failed('8.1.1', '3.10');
    if (profile.matchingId && matchingId === undefined) return failed('1.6', '2.3');
    if (matchingId !== undefined && matchingId !== (profile.matchingId ?? '')) {
      return failed('8.2.6', '3.10');
    }
    this.move(profile, finalProfileStatusIndicator, header.functionCallIdentifier);
    delete profile.matchingId;
    if (finalProfileStatusIndicator === 'Available') {
      delete profile.eid;
      delete profile.requester;
      delete profile.confirmation;
    }
    return done();
  }

  releaseProfile(body) {
    const { profile, ...wrong } = this.owned(body);
    if (!profile) return wrong;
    if (profile.state === 'Released') return done(); // The note under Table 32.
    if (profile.state !== 'Confirmed') return failed('8.2.1', '3.5');
    this.move(profile, 'Released', body.header.functionCallIdentifier);
    return done();
  }

  acceptsConfirmation(profile, code) {
    return !profile.confirmation || (code !== undefined && digest(code) === profile.confirmation);
  }
}
