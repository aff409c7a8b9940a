// The administrator's scripts, read by a grammar of PowerShell that nobody here wrote
// (tree-sitter-powershell). There is no PowerShell on the test machines, so they are not
// run; what they do is what the adapter does, which is.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';

import { Language, Parser } from 'web-tree-sitter';

import { top } from '../../scenario/world.mjs';

const folder = join(top, 'plugins/intune/scripts');
const files = readdirSync(folder);
const read = (name) => readFileSync(join(folder, name), 'utf8');
let parser;

before(async () => {
  setFlagsFromString('--liftoff-only'); // To optimise the grammar takes longer than to use it.
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve('tree-sitter-powershell/tree-sitter-powershell.wasm');
  parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
});

const textsOf = (text, type) => parser.parse(text).rootNode.descendantsOfType(type).map((node) => node.text);

function faultsOf(text) {
  const found = [];
  const walk = (node) => {
    if (node.isError || node.isMissing) found.push(`line ${node.startPosition.row + 1}: ${node.text.slice(0, 40)}`);
    else if (node.hasError) node.children.forEach(walk);
  };
  walk(parser.parse(text).rootNode);
  return found;
}

test('the scripts to deploy, to look and to remove are there', () => {
  assert.deepEqual(files.sort(), ['Deploy-EsimProfile.ps1', 'Get-EsimStatus.ps1', 'Remove-EsimProfile.ps1']);
});

for (const name of files) {
  test(`${name} is PowerShell`, () => assert.deepEqual(faultsOf(read(name)), []));

  test(`${name} calls only functions of its own, the module's, and PowerShell's`, () => {
    const own = textsOf(read(name), 'function_name');
    const called = textsOf(read(name), 'command_name');
    const known = [
      'Get-MgContext', 'Get-MgEnvironment', 'Invoke-MgGraphRequest', 'Import-Csv', 'Set-StrictMode',
      'Start-Sleep', 'Test-Path', 'Where-Object', 'Write-Error', 'begin', 'process', ...own,
    ];
    assert.ok(called.length > 5);
    assert.deepEqual(called.filter((each) => !known.includes(each)), []);
  });

  test(`${name} says what it needs and asks strictness of itself`, () => {
    const text = read(name);
    assert.match(text, /^#Requires -Modules Microsoft\.Graph\.Authentication$/m);
    assert.match(text, /Set-StrictMode -Version Latest/);
    assert.match(text, /\.SYNOPSIS[\s\S]*\.DESCRIPTION[\s\S]*\.EXAMPLE/);
    // Strict mode minds a dot before a key that a reply may lack.
    assert.doesNotMatch(text, /\$(page|pool|state|device|group|_)\.['a-z@]/);
  });
}

test('what changes something asks first', () => {
  for (const name of files.filter((each) => !each.startsWith('Get-'))) {
    const text = read(name);
    assert.match(text, /SupportsShouldProcess/);
    assert.match(text, /\$PSCmdlet\.ShouldProcess/);
  }
  assert.doesNotMatch(read('Get-EsimStatus.ps1'), /-Method (POST|PATCH|DELETE)/);
});

// A judge that never objects judges nothing.
test('the grammar objects to what is no PowerShell', () => {
  for (const wrong of ['function {', 'if ($a) { ', '@{ a = }', 'param([string $a)']) {
    assert.ok(faultsOf(wrong).length > 0, wrong);
  }
});
