import { describe, expect, it } from '@jest/globals';

import { canonicalTimeZone, zoneCode } from './time-zone.js';

const ZONES = Intl.supportedValuesOf('timeZone');

/** Names of the tz database that `Intl` does not list because they are links, in every pattern of case there is. */
const LINKS = `
  UTC Etc/UTC Etc/UCT Etc/Zulu Etc/Greenwich Etc/GMT Etc/GMT+5 Etc/GMT-14 GMT GMT0 GMT+0 UCT Zulu Universal Greenwich
  EST MST HST EST5EDT PST8PDT CET EET MET WET W-SU GB GB-Eire NZ NZ-CHAT PRC ROC ROK Cuba Egypt Eire Hongkong Iran
  Jamaica Japan Navajo Poland Portugal Singapore Turkey Asia/Calcutta Asia/Kolkata Asia/Kathmandu Asia/Katmandu
  Asia/Chongqing Asia/Ho_Chi_Minh Asia/Saigon Asia/Yangon Asia/Ust-Nera America/Port-au-Prince America/Port_of_Spain
  America/Argentina/ComodRivadavia America/Argentina/Buenos_Aires America/Buenos_Aires America/Nuuk America/Godthab
  America/Indiana/Indianapolis America/North_Dakota/New_Salem America/St_Johns Africa/Dar_es_Salaam Africa/Asmara
  Africa/Asmera Antarctica/DumontDUrville Antarctica/McMurdo Antarctica/South_Pole Atlantic/Faroe Atlantic/Faeroe
  Atlantic/Jan_Mayen Australia/ACT Australia/LHI Australia/NSW Brazil/DeNoronha Brazil/East Canada/Newfoundland
  Chile/EasterIsland Europe/Isle_of_Man Europe/Kyiv Europe/Kiev Mexico/BajaNorte Mexico/BajaSur Pacific/Chuuk
  Pacific/Kanton Pacific/Yap US/East-Indiana US/Eastern US/Pacific
`
  .trim()
  .split(/\s+/);

describe('canonicalTimeZone', () => {
  it.each([
    ['asia/shanghai', 'Asia/Shanghai'],
    ['AMERICA/PORT-AU-PRINCE', 'America/Port-au-Prince'],
    ['utc', 'UTC'],
    ['etc/gmt+5', 'Etc/GMT+5'],
    ['asia/calcutta', 'Asia/Calcutta'],
    ['asia/kolkata', 'Asia/Kolkata'],
  ])('takes %s for %s', (written, name) => {
    expect(canonicalTimeZone(written)).toBe(name);
  });

  it('knows every zone of the runtime and every link, in any case', () => {
    for (const name of [...ZONES, ...LINKS]) {
      expect([name, name.toLowerCase(), name.toUpperCase()].map(canonicalTimeZone)).toEqual([
        name,
        name,
        name,
      ]);
    }
  });

  it.each([
    '',
    ' ',
    'UTC ',
    'Asia/Shanghai\0',
    'Asia/Atlantis',
    'Asia',
    '+08:00',
    '-08',
    'UTC+8',
    'GMT+8',
    'Z',
    'T00Z',
    'PST',
    'pst',
    'IST',
    'SystemV/PST8',
    'Etc/Unknown',
    'posix/Asia/Tokyo',
    'Asıa/Tokyo',
    '2026-11-22T00:00Z',
    '2026-11-22T00:00+08:00[Asia/Shanghai]',
    '[Asia/Shanghai]',
    '__proto__',
  ])('does not know %j', (name) => {
    expect(canonicalTimeZone(name)).toBeUndefined();
  });

  it('does not know a name of 100,000 characters', () => {
    expect(canonicalTimeZone('a'.repeat(100_000))).toBeUndefined();
  });
});

describe('zoneCode', () => {
  it('is the same for ever: keys in Redis depend on it', () => {
    expect(['Asia/Shanghai', 'UTC', 'America/New_York'].map(zoneCode)).toEqual(['lQM9', 'fl92', 'rLKj']);
  });

  it('is four characters that need no escaping, and no two zones share one', () => {
    const names = new Set([...ZONES, ...LINKS]);
    const codes = new Set([...names].map(zoneCode));
    expect(codes.size).toBe(names.size);
    for (const code of codes) expect(code).toMatch(/^[A-Za-z0-9_-]{4}$/);
  });
});
