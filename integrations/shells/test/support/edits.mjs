/** Edits of the project, one after another, each with the calls that it makes cold. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * @typedef {object} Edit
 * @property {string} name
 * @property {readonly string[]} cold the calls whose keys become others
 * @property {Readonly<Record<string, string>>} [env] what is in the environment from now on
 * @property {(files: Files) => void} apply
 */

/** The files of a copy of the project. */
export class Files {
  /** @param {string} root */
  constructor(root) {
    this.root = root
  }
  /** @param {string} file */
  read(file) {
    return readFileSync(join(this.root, file), 'utf8')
  }
  /** @param {string} file @param {string} text */
  write(file, text) {
    mkdirSync(dirname(join(this.root, file)), { recursive: true })
    writeFileSync(join(this.root, file), text)
  }
  /** @param {string} file */
  remove(file) {
    rmSync(join(this.root, file))
  }
  /**
   * Replaces a text that must be there.
   * @param {string} file @param {string} from @param {string} to
   */
  replace(file, from, to) {
    const text = this.read(file)
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
    this.write(file, text.replaceAll(from, to))
  }
}

/** @type {readonly Edit[]} */
export const edits = [
  {
    name: 'a comment and the layout',
    cold: [],
    apply: (files) =>
      files.replace('src/gross.ts', 'round(net * standard)', '\n  // With the standard rate.\n  round(net * standard)'),
  },
  {
    name: 'a rename of a helper, a constant and a parameter',
    cold: [],
    apply(files) {
      files.replace(
        'src/round.ts',
        'round = (price: number): number => Math.round(price ',
        'toCents = (amount: number): number => Math.round(amount ',
      )
      files.replace('src/gross.ts', '{ round }', '{ toCents }')
      files.replace('src/gross.ts', 'round(net', 'toCents(net')
      files.replace('src/gross.ts', 'standard', 'usual')
    },
  },
  {
    name: 'a move of a helper to another file',
    cold: [],
    apply(files) {
      files.write('src/cents/index.ts', files.read('src/round.ts'))
      files.remove('src/round.ts')
      files.replace('src/gross.ts', './round.ts', './cents/index.ts')
    },
  },
  {
    name: 'a helper',
    cold: ['gross'],
    apply: (files) => files.replace('src/cents/index.ts', 'Math.round', 'Math.floor'),
  },
  {
    name: 'a base class',
    cold: ['label'],
    apply: (files) => files.replace('src/money.ts', 'toFixed(2)', 'toFixed(3)'),
  },
  {
    name: 'an injected collaborator',
    cold: ['total'],
    apply: (files) => files.replace('src/repository.ts', '[3, 4]', '[3, 5]'),
  },
  {
    name: 'a service that is injected into a decorated class',
    cold: ['due'],
    apply: (files) => files.replace('src/ledger.ts', 'sum + row', 'sum - row'),
  },
  {
    name: 'the repository behind that service',
    cold: ['due'],
    apply: (files) => files.replace('src/table.ts', '[5, 6]', '[5, 7]'),
  },
  {
    name: 'the base class of that repository',
    cold: ['due'],
    apply: (files) => files.replace('src/table.ts', 'row * 2', 'row * 3'),
  },
  {
    name: 'a comment and a parameter renamed in that repository',
    cold: [],
    apply(files) {
      files.replace('src/table.ts', '(row) => row', '(each) => each')
      files.replace('src/table.ts', 'The repository behind', 'What stands behind')
    },
  },
  {
    name: 'a class that nothing cached calls through',
    cold: [],
    apply: (files) =>
      files.write('src/table.ts', `${files.read('src/table.ts')}\nexport class Unused {\n  rows = [1]\n}\n`),
  },
  {
    name: 'a value in JSON',
    cold: ['countryRate'],
    apply: (files) => files.replace('src/rates.json', '20', '21'),
  },
  {
    name: 'a package of the workspace',
    cold: ['taxed'],
    apply: (files) => files.replace('packages/tax/src/share.ts', '0.2', '0.25'),
  },
  {
    name: 'the version of a package',
    cold: ['shown'],
    apply(files) {
      files.replace('node_modules/vat-format/package.json', '1.0.0', '1.0.1')
      files.replace('node_modules/vat-format/index.js', '+ VAT', 'plus VAT')
      files.replace(
        'package-lock.json',
        '"version": "1.0.0",\n      "resolved"',
        '"version": "1.0.1",\n      "resolved"',
      )
      files.replace('package-lock.json', 'vat-format-1.0.0', 'vat-format-1.0.1')
      files.replace('package-lock.json', 'sha512-AAAA', 'sha512-BBBB')
    },
  },
  {
    name: 'a value of the environment that an injected collaborator reads',
    cold: ['total'],
    env: { SHOP_SCALE: '2' },
    apply: () => {},
  },
  { name: 'a value of the environment', cold: ['shipping'], env: { SHOP_FEE: '6' }, apply: () => {} },
]
