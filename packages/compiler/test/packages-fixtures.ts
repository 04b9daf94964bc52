/**
 * One project as each package manager locked it: `debug` needs `ms`, `lp` is an alias of `left-pad`, `packages/a` and
 * `packages/b` are its workspace, `esbuild` has a package for each platform (two are kept).
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createPackageIndex, type PackageIndex, type PackageIndexOptions, readFromDisk } from '../src/packages.ts'

const npm1 = `{
 "name": "root",
 "lockfileVersion": 1,
 "requires": true,
 "dependencies": {
  "@esbuild/linux-x64": {
   "version": "0.19.12",
   "integrity": "sha512-B71g1QpxfwBvNrfyJdVDexenDIt1CiDN1TIXLbhOw0KhJzE78KIFGX6OJ9MrtC0oOqMWf+0xop4qEU8JrJTwCg==",
   "optional": true
  },
  "@esbuild/win32-x64": {
   "version": "0.19.12",
   "integrity": "sha512-T1QyPSDCyMXaO3pzBkF96E8xMkiRYbUEZADd29SyPGabqxMViNoii+NcK7eWJAEoU6RZyEm5lVSIjTmcdoB9HA==",
   "optional": true
  },
  "@x/a": {
   "version": "file:packages/a",
   "requires": {
    "@x/b": "*",
    "debug": "^2.6.9",
    "is-odd": "3.0.1"
   },
   "dependencies": {
    "debug": {
     "version": "2.6.9",
     "integrity": "sha512-bC7ElrdJaJnPbAP+1EotYvqZsb3ecl5wi6Bfi6BJTUcNowp6cvspg0jXznRTKDjm/E7AdgFBVeAPVMNcKGsHMA==",
     "requires": {
      "ms": "2.0.0"
     }
    },
    "ms": {
     "version": "2.0.0",
     "integrity": "sha512-Tpp60P6IUJDTuOq/5Z8cdskzJujfwqfOTkrwIwj7IRISpnkJnT6SyJ4PCPnGMoFjC9ddhal5KVIYtAt97ix05A=="
    }
   }
  },
  "@x/b": {
   "version": "file:packages/b",
   "requires": {
    "is-number": "7.0.0"
   },
   "dependencies": {
    "is-number": {
     "version": "7.0.0",
     "integrity": "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng=="
    }
   }
  },
  "debug": {
   "version": "4.3.4",
   "integrity": "sha512-PRWFHuSU3eDtQJPvnNY7Jcket1j0t5OuOsFzPPzsekD52Zl8qUfFIPEiswXqIvHWGVHOgX+7G/vCNNhehwxfkQ==",
   "requires": {
    "ms": "2.1.2"
   }
  },
  "esbuild": {
   "version": "0.19.12",
   "integrity": "sha512-aARqgq8roFBj054KvQr5f1sFu0D65G+miZRCuJyJ0G13Zwx7vRar5Zhn2tkQNzIXcBrNVsv/8stehpj+GAjgbg==",
   "requires": {
    "@esbuild/linux-x64": "0.19.12",
    "@esbuild/win32-x64": "0.19.12"
   }
  },
  "is-number": {
   "version": "6.0.0",
   "integrity": "sha512-Wu1VHeILBK8KAWJUAiSZQX94GmOE45Rg6/538fKwiloUu21KncEkYGPqob2oSZ5mUT73vLGrHQjKw3KMPwfDzg=="
  },
  "is-odd": {
   "version": "3.0.1",
   "integrity": "sha512-CQpnWPrDwmP1+SMHXZhtLtJv90yiyVfluGsX5iNCVkrhQtU3TQHsUWPG9wkdk9Lgd5yNpAg9jQEo90CBaXgWMA==",
   "requires": {
    "is-number": "^6.0.0"
   }
  },
  "js-tokens": {
   "version": "4.0.0",
   "integrity": "sha512-RdJUflcE3cUzKiMqQgsCu06FPu9UdIJO0beYbPhHN4k6apgJtifcoCtT9bcxOpYBtpD2kCM6Sbzg4CausW/PKQ=="
  },
  "loose-envify": {
   "version": "1.4.0",
   "integrity": "sha512-lyuxPGr/Wfhrlem2CL/UcnUc1zcqKAImBDzukY7Y5F/yQiNdko6+fRLevlw1HgMySw7f611UIY408EtxRSoK3Q==",
   "requires": {
    "js-tokens": "^3.0.0 || ^4.0.0"
   }
  },
  "lp": {
   "version": "npm:left-pad@1.3.0",
   "integrity": "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA=="
  },
  "ms": {
   "version": "2.1.2",
   "integrity": "sha512-sGkPx+VjMtmA6MX27oA4FBFELFCZZ4S4XqeGOXCv68tT+jb3vk/RyaKWP0PTKyWtmLSM0b+adUTEvbs1PEaH2w=="
  },
  "react": {
   "version": "18.2.0",
   "integrity": "sha512-/3IjMdb2L9QbBdWiW5e3P2/npwMBaU9mHCSCUzNln0ZCYbcfTsGbTJrU/kGemdH2IWmB2ioZ+zkxtmq6g09fGQ==",
   "requires": {
    "loose-envify": "^1.1.0"
   }
  },
  "use-sync-external-store": {
   "version": "1.2.0",
   "integrity": "sha512-eEgnFxGQ1Ife9bzYs6VLi8/4X6CObHMw9Qr9tPY43iKwsPw8xE8+EFsf/2cFZ5S3esXgpWgtSCtLNS41F+sKPA==",
   "requires": {}
  }
 }
}
`

const npm3 = `{
 "name": "root",
 "lockfileVersion": 3,
 "requires": true,
 "packages": {
  "": {
   "name": "root",
   "workspaces": [
    "packages/*"
   ],
   "dependencies": {
    "debug": "4.3.4",
    "esbuild": "0.19.12",
    "lp": "npm:left-pad@1.3.0",
    "react": "18.2.0",
    "use-sync-external-store": "1.2.0"
   }
  },
  "node_modules/@esbuild/linux-x64": {
   "version": "0.19.12",
   "integrity": "sha512-B71g1QpxfwBvNrfyJdVDexenDIt1CiDN1TIXLbhOw0KhJzE78KIFGX6OJ9MrtC0oOqMWf+0xop4qEU8JrJTwCg==",
   "cpu": [
    "x64"
   ],
   "optional": true,
   "os": [
    "linux"
   ]
  },
  "node_modules/@esbuild/win32-x64": {
   "version": "0.19.12",
   "integrity": "sha512-T1QyPSDCyMXaO3pzBkF96E8xMkiRYbUEZADd29SyPGabqxMViNoii+NcK7eWJAEoU6RZyEm5lVSIjTmcdoB9HA==",
   "cpu": [
    "x64"
   ],
   "optional": true,
   "os": [
    "win32"
   ]
  },
  "node_modules/@x/a": {
   "resolved": "packages/a",
   "link": true
  },
  "node_modules/@x/b": {
   "resolved": "packages/b",
   "link": true
  },
  "node_modules/debug": {
   "version": "4.3.4",
   "integrity": "sha512-PRWFHuSU3eDtQJPvnNY7Jcket1j0t5OuOsFzPPzsekD52Zl8qUfFIPEiswXqIvHWGVHOgX+7G/vCNNhehwxfkQ==",
   "dependencies": {
    "ms": "2.1.2"
   },
   "peerDependenciesMeta": {
    "supports-color": {
     "optional": true
    }
   }
  },
  "node_modules/esbuild": {
   "version": "0.19.12",
   "integrity": "sha512-aARqgq8roFBj054KvQr5f1sFu0D65G+miZRCuJyJ0G13Zwx7vRar5Zhn2tkQNzIXcBrNVsv/8stehpj+GAjgbg==",
   "optionalDependencies": {
    "@esbuild/linux-x64": "0.19.12",
    "@esbuild/win32-x64": "0.19.12"
   }
  },
  "node_modules/is-number": {
   "version": "6.0.0",
   "integrity": "sha512-Wu1VHeILBK8KAWJUAiSZQX94GmOE45Rg6/538fKwiloUu21KncEkYGPqob2oSZ5mUT73vLGrHQjKw3KMPwfDzg=="
  },
  "node_modules/is-odd": {
   "version": "3.0.1",
   "integrity": "sha512-CQpnWPrDwmP1+SMHXZhtLtJv90yiyVfluGsX5iNCVkrhQtU3TQHsUWPG9wkdk9Lgd5yNpAg9jQEo90CBaXgWMA==",
   "dependencies": {
    "is-number": "^6.0.0"
   }
  },
  "node_modules/js-tokens": {
   "version": "4.0.0",
   "integrity": "sha512-RdJUflcE3cUzKiMqQgsCu06FPu9UdIJO0beYbPhHN4k6apgJtifcoCtT9bcxOpYBtpD2kCM6Sbzg4CausW/PKQ=="
  },
  "node_modules/loose-envify": {
   "version": "1.4.0",
   "integrity": "sha512-lyuxPGr/Wfhrlem2CL/UcnUc1zcqKAImBDzukY7Y5F/yQiNdko6+fRLevlw1HgMySw7f611UIY408EtxRSoK3Q==",
   "dependencies": {
    "js-tokens": "^3.0.0 || ^4.0.0"
   }
  },
  "node_modules/lp": {
   "name": "left-pad",
   "version": "1.3.0",
   "integrity": "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA=="
  },
  "node_modules/ms": {
   "version": "2.1.2",
   "integrity": "sha512-sGkPx+VjMtmA6MX27oA4FBFELFCZZ4S4XqeGOXCv68tT+jb3vk/RyaKWP0PTKyWtmLSM0b+adUTEvbs1PEaH2w=="
  },
  "node_modules/react": {
   "version": "18.2.0",
   "integrity": "sha512-/3IjMdb2L9QbBdWiW5e3P2/npwMBaU9mHCSCUzNln0ZCYbcfTsGbTJrU/kGemdH2IWmB2ioZ+zkxtmq6g09fGQ==",
   "dependencies": {
    "loose-envify": "^1.1.0"
   }
  },
  "node_modules/to-regex-range/node_modules/is-number": {
   "version": "7.0.0",
   "integrity": "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng=="
  },
  "node_modules/use-sync-external-store": {
   "version": "1.2.0",
   "integrity": "sha512-eEgnFxGQ1Ife9bzYs6VLi8/4X6CObHMw9Qr9tPY43iKwsPw8xE8+EFsf/2cFZ5S3esXgpWgtSCtLNS41F+sKPA==",
   "peerDependencies": {
    "react": "^16.8.0 || ^17.0.0 || ^18.0.0"
   }
  },
  "packages/a": {
   "name": "@x/a",
   "version": "1.0.0",
   "dependencies": {
    "@x/b": "*",
    "debug": "^2.6.9",
    "is-odd": "3.0.1"
   }
  },
  "packages/a/node_modules/debug": {
   "version": "2.6.9",
   "integrity": "sha512-bC7ElrdJaJnPbAP+1EotYvqZsb3ecl5wi6Bfi6BJTUcNowp6cvspg0jXznRTKDjm/E7AdgFBVeAPVMNcKGsHMA==",
   "dependencies": {
    "ms": "2.0.0"
   }
  },
  "packages/a/node_modules/ms": {
   "version": "2.0.0",
   "integrity": "sha512-Tpp60P6IUJDTuOq/5Z8cdskzJujfwqfOTkrwIwj7IRISpnkJnT6SyJ4PCPnGMoFjC9ddhal5KVIYtAt97ix05A=="
  },
  "packages/b": {
   "name": "@x/b",
   "version": "1.0.0",
   "dependencies": {
    "is-number": "7.0.0"
   }
  },
  "packages/b/node_modules/is-number": {
   "version": "7.0.0",
   "integrity": "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng=="
  }
 }
}
`

const pnpm9 = `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      debug:
        specifier: 4.3.4
        version: 4.3.4
      esbuild:
        specifier: 0.19.12
        version: 0.19.12
      lp:
        specifier: npm:left-pad@1.3.0
        version: left-pad@1.3.0
      react:
        specifier: 18.2.0
        version: 18.2.0
      use-sync-external-store:
        specifier: 1.2.0
        version: 1.2.0(react@18.2.0)

  packages/a:
    dependencies:
      '@x/b':
        specifier: workspace:*
        version: link:../b
      debug:
        specifier: ^2.6.9
        version: 2.6.9
      is-odd:
        specifier: 3.0.1
        version: 3.0.1

  packages/b:
    dependencies:
      is-number:
        specifier: 7.0.0
        version: 7.0.0

packages:

  '@esbuild/linux-x64@0.19.12':
    resolution: {integrity: sha512-B71g1QpxfwBvNrfyJdVDexenDIt1CiDN1TIXLbhOw0KhJzE78KIFGX6OJ9MrtC0oOqMWf+0xop4qEU8JrJTwCg==}
    cpu: [x64]
    os: [linux]

  '@esbuild/win32-x64@0.19.12':
    resolution: {integrity: sha512-T1QyPSDCyMXaO3pzBkF96E8xMkiRYbUEZADd29SyPGabqxMViNoii+NcK7eWJAEoU6RZyEm5lVSIjTmcdoB9HA==}
    cpu: [x64]
    os: [win32]

  debug@2.6.9:
    resolution: {integrity: sha512-bC7ElrdJaJnPbAP+1EotYvqZsb3ecl5wi6Bfi6BJTUcNowp6cvspg0jXznRTKDjm/E7AdgFBVeAPVMNcKGsHMA==}
    peerDependencies:
      supports-color: '*'
    peerDependenciesMeta:
      supports-color:
        optional: true

  debug@4.3.4:
    resolution: {integrity: sha512-PRWFHuSU3eDtQJPvnNY7Jcket1j0t5OuOsFzPPzsekD52Zl8qUfFIPEiswXqIvHWGVHOgX+7G/vCNNhehwxfkQ==}
    peerDependencies:
      supports-color: '*'
    peerDependenciesMeta:
      supports-color:
        optional: true

  esbuild@0.19.12:
    resolution: {integrity: sha512-aARqgq8roFBj054KvQr5f1sFu0D65G+miZRCuJyJ0G13Zwx7vRar5Zhn2tkQNzIXcBrNVsv/8stehpj+GAjgbg==}

  is-number@6.0.0:
    resolution: {integrity: sha512-Wu1VHeILBK8KAWJUAiSZQX94GmOE45Rg6/538fKwiloUu21KncEkYGPqob2oSZ5mUT73vLGrHQjKw3KMPwfDzg==}

  is-number@7.0.0:
    resolution: {integrity: sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==}

  is-odd@3.0.1:
    resolution: {integrity: sha512-CQpnWPrDwmP1+SMHXZhtLtJv90yiyVfluGsX5iNCVkrhQtU3TQHsUWPG9wkdk9Lgd5yNpAg9jQEo90CBaXgWMA==}

  js-tokens@4.0.0:
    resolution: {integrity: sha512-RdJUflcE3cUzKiMqQgsCu06FPu9UdIJO0beYbPhHN4k6apgJtifcoCtT9bcxOpYBtpD2kCM6Sbzg4CausW/PKQ==}

  left-pad@1.3.0:
    resolution: {integrity: sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==}

  loose-envify@1.4.0:
    resolution: {integrity: sha512-lyuxPGr/Wfhrlem2CL/UcnUc1zcqKAImBDzukY7Y5F/yQiNdko6+fRLevlw1HgMySw7f611UIY408EtxRSoK3Q==}

  ms@2.0.0:
    resolution: {integrity: sha512-Tpp60P6IUJDTuOq/5Z8cdskzJujfwqfOTkrwIwj7IRISpnkJnT6SyJ4PCPnGMoFjC9ddhal5KVIYtAt97ix05A==}

  ms@2.1.2:
    resolution: {integrity: sha512-sGkPx+VjMtmA6MX27oA4FBFELFCZZ4S4XqeGOXCv68tT+jb3vk/RyaKWP0PTKyWtmLSM0b+adUTEvbs1PEaH2w==}

  react@18.2.0:
    resolution: {integrity: sha512-/3IjMdb2L9QbBdWiW5e3P2/npwMBaU9mHCSCUzNln0ZCYbcfTsGbTJrU/kGemdH2IWmB2ioZ+zkxtmq6g09fGQ==}

  use-sync-external-store@1.2.0:
    resolution: {integrity: sha512-eEgnFxGQ1Ife9bzYs6VLi8/4X6CObHMw9Qr9tPY43iKwsPw8xE8+EFsf/2cFZ5S3esXgpWgtSCtLNS41F+sKPA==}
    peerDependencies:
      react: ^16.8.0 || ^17.0.0 || ^18.0.0

snapshots:

  '@esbuild/linux-x64@0.19.12':
    optional: true

  '@esbuild/win32-x64@0.19.12':
    optional: true

  debug@2.6.9:
    dependencies:
      ms: 2.0.0

  debug@4.3.4:
    dependencies:
      ms: 2.1.2

  esbuild@0.19.12:
    optionalDependencies:
      '@esbuild/linux-x64': 0.19.12
      '@esbuild/win32-x64': 0.19.12

  is-number@6.0.0: {}

  is-number@7.0.0: {}

  is-odd@3.0.1:
    dependencies:
      is-number: 6.0.0

  js-tokens@4.0.0: {}

  left-pad@1.3.0: {}

  loose-envify@1.4.0:
    dependencies:
      js-tokens: 4.0.0

  ms@2.0.0: {}

  ms@2.1.2: {}

  react@18.2.0:
    dependencies:
      loose-envify: 1.4.0

  use-sync-external-store@1.2.0(react@18.2.0):
    dependencies:
      react: 18.2.0
`

const yarn1 = `# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1

"@esbuild/linux-x64@0.19.12":
  version "0.19.12"
  resolved "https://registry.yarnpkg.com/@esbuild/linux-x64/-/linux-x64-0.19.12.tgz#5f37cfdc705aea687dfe5dfbec086a05acfe9c78"
  integrity sha512-B71g1QpxfwBvNrfyJdVDexenDIt1CiDN1TIXLbhOw0KhJzE78KIFGX6OJ9MrtC0oOqMWf+0xop4qEU8JrJTwCg==

"@esbuild/win32-x64@0.19.12":
  version "0.19.12"
  resolved "https://registry.yarnpkg.com/@esbuild/win32-x64/-/win32-x64-0.19.12.tgz#c57c8afbb4054a3ab8317591a0b7320360b444ae"
  integrity sha512-T1QyPSDCyMXaO3pzBkF96E8xMkiRYbUEZADd29SyPGabqxMViNoii+NcK7eWJAEoU6RZyEm5lVSIjTmcdoB9HA==

debug@4.3.4:
  version "4.3.4"
  resolved "https://registry.yarnpkg.com/debug/-/debug-4.3.4.tgz#1319f6579357f2338d3337d2cdd4914bb5dcc865"
  integrity sha512-PRWFHuSU3eDtQJPvnNY7Jcket1j0t5OuOsFzPPzsekD52Zl8qUfFIPEiswXqIvHWGVHOgX+7G/vCNNhehwxfkQ==
  dependencies:
    ms "2.1.2"

debug@^2.6.9:
  version "2.6.9"
  resolved "https://registry.yarnpkg.com/debug/-/debug-2.6.9.tgz#5d128515df134ff327e90a4c93f4e077a536341f"
  integrity sha512-bC7ElrdJaJnPbAP+1EotYvqZsb3ecl5wi6Bfi6BJTUcNowp6cvspg0jXznRTKDjm/E7AdgFBVeAPVMNcKGsHMA==
  dependencies:
    ms "2.0.0"

esbuild@0.19.12:
  version "0.19.12"
  resolved "https://registry.yarnpkg.com/esbuild/-/esbuild-0.19.12.tgz#dc82ee5dc79e82f5a5c3b4323a2a641827db3e04"
  integrity sha512-aARqgq8roFBj054KvQr5f1sFu0D65G+miZRCuJyJ0G13Zwx7vRar5Zhn2tkQNzIXcBrNVsv/8stehpj+GAjgbg==
  optionalDependencies:
    "@esbuild/linux-x64" "0.19.12"
    "@esbuild/win32-x64" "0.19.12"

is-number@7.0.0, is-number@^7.0.0:
  version "7.0.0"
  resolved "https://registry.yarnpkg.com/is-number/-/is-number-7.0.0.tgz#7535345b896734d5f80c4d06c50955527a14f12b"
  integrity sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==

is-number@^6.0.0:
  version "6.0.0"
  resolved "https://registry.yarnpkg.com/is-number/-/is-number-6.0.0.tgz#e6d15ad31fc262887cccf217ae5f9316f81b1995"
  integrity sha512-Wu1VHeILBK8KAWJUAiSZQX94GmOE45Rg6/538fKwiloUu21KncEkYGPqob2oSZ5mUT73vLGrHQjKw3KMPwfDzg==

is-odd@3.0.1:
  version "3.0.1"
  resolved "https://registry.yarnpkg.com/is-odd/-/is-odd-3.0.1.tgz#65101baf3727d728b66fa62f50cda7f2d3989601"
  integrity sha512-CQpnWPrDwmP1+SMHXZhtLtJv90yiyVfluGsX5iNCVkrhQtU3TQHsUWPG9wkdk9Lgd5yNpAg9jQEo90CBaXgWMA==
  dependencies:
    is-number "^6.0.0"

"js-tokens@^3.0.0 || ^4.0.0":
  version "4.0.0"
  resolved "https://registry.yarnpkg.com/js-tokens/-/js-tokens-4.0.0.tgz#19203fb59991df98e3a287050d4647cdeaf32499"
  integrity sha512-RdJUflcE3cUzKiMqQgsCu06FPu9UdIJO0beYbPhHN4k6apgJtifcoCtT9bcxOpYBtpD2kCM6Sbzg4CausW/PKQ==

loose-envify@^1.1.0:
  version "1.4.0"
  resolved "https://registry.yarnpkg.com/loose-envify/-/loose-envify-1.4.0.tgz#71ee51fa7be4caec1a63839f7e682d8132d30caf"
  integrity sha512-lyuxPGr/Wfhrlem2CL/UcnUc1zcqKAImBDzukY7Y5F/yQiNdko6+fRLevlw1HgMySw7f611UIY408EtxRSoK3Q==
  dependencies:
    js-tokens "^3.0.0 || ^4.0.0"

"lp@npm:left-pad@1.3.0":
  version "1.3.0"
  resolved "https://registry.yarnpkg.com/left-pad/-/left-pad-1.3.0.tgz#5b8a3a7765dfe001261dde915589e782f8c94d1e"
  integrity sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==

ms@2.0.0:
  version "2.0.0"
  resolved "https://registry.yarnpkg.com/ms/-/ms-2.0.0.tgz#5608aeadfc00be6c2901df5f9861788de0d597c8"
  integrity sha512-Tpp60P6IUJDTuOq/5Z8cdskzJujfwqfOTkrwIwj7IRISpnkJnT6SyJ4PCPnGMoFjC9ddhal5KVIYtAt97ix05A==

ms@2.1.2:
  version "2.1.2"
  resolved "https://registry.yarnpkg.com/ms/-/ms-2.1.2.tgz#d09d1f357b443f493382a8eb3ccd183872ae6009"
  integrity sha512-sGkPx+VjMtmA6MX27oA4FBFELFCZZ4S4XqeGOXCv68tT+jb3vk/RyaKWP0PTKyWtmLSM0b+adUTEvbs1PEaH2w==

react@18.2.0:
  version "18.2.0"
  resolved "https://registry.yarnpkg.com/react/-/react-18.2.0.tgz#555bd98592883255fa00de14f1151a917b5d77d5"
  integrity sha512-/3IjMdb2L9QbBdWiW5e3P2/npwMBaU9mHCSCUzNln0ZCYbcfTsGbTJrU/kGemdH2IWmB2ioZ+zkxtmq6g09fGQ==
  dependencies:
    loose-envify "^1.1.0"

use-sync-external-store@1.2.0:
  version "1.2.0"
  resolved "https://registry.yarnpkg.com/use-sync-external-store/-/use-sync-external-store-1.2.0.tgz#7dbefd6ef3fe4e767a0cf5d7287aacfb5846928a"
  integrity sha512-eEgnFxGQ1Ife9bzYs6VLi8/4X6CObHMw9Qr9tPY43iKwsPw8xE8+EFsf/2cFZ5S3esXgpWgtSCtLNS41F+sKPA==
`

const yarnBerry = `# This file is generated by running "yarn install" inside your project.
# Manual changes might be lost - proceed with caution!

__metadata:
  version: 10
  cacheKey: 10c0

"@esbuild/linux-x64@npm:0.19.12":
  version: 0.19.12
  resolution: "@esbuild/linux-x64@npm:0.19.12"
  conditions: os=linux & cpu=x64
  languageName: node
  linkType: hard

"@esbuild/win32-x64@npm:0.19.12":
  version: 0.19.12
  resolution: "@esbuild/win32-x64@npm:0.19.12"
  conditions: os=win32 & cpu=x64
  languageName: node
  linkType: hard

"@x/a@workspace:packages/a":
  version: 0.0.0-use.local
  resolution: "@x/a@workspace:packages/a"
  dependencies:
    "@x/b": "workspace:*"
    debug: "npm:^2.6.9"
    is-odd: "npm:3.0.1"
  languageName: unknown
  linkType: soft

"@x/b@workspace:*, @x/b@workspace:packages/b":
  version: 0.0.0-use.local
  resolution: "@x/b@workspace:packages/b"
  dependencies:
    is-number: "npm:7.0.0"
  languageName: unknown
  linkType: soft

"debug@npm:4.3.4":
  version: 4.3.4
  resolution: "debug@npm:4.3.4"
  dependencies:
    ms: "npm:2.1.2"
  checksum: 10c0/cedbec45298dd5c501d01b92b119cd3faebe5438c3917ff11ae1bff86a6c722930ac9c8659792824013168ba6db7c4668225d845c633fbdafbbf902a6389f736
  languageName: node
  linkType: hard

"debug@npm:^2.6.9":
  version: 2.6.9
  resolution: "debug@npm:2.6.9"
  dependencies:
    ms: "npm:2.0.0"
  checksum: 10c0/121908fb839f7801180b69a7e218a40b5a0b718813b886b7d6bdb82001b931c938e2941d1e4450f33a1b1df1da653f5f7a0440c197f29fbf8a6e9d45ff6ef589
  languageName: node
  linkType: hard

"esbuild@npm:0.19.12":
  version: 0.19.12
  resolution: "esbuild@npm:0.19.12"
  dependencies:
    "@esbuild/linux-x64": "npm:0.19.12"
    "@esbuild/win32-x64": "npm:0.19.12"
  bin:
    esbuild: bin/esbuild
  checksum: 10c0/0f2d21ffe24ebead64843f87c3aebe2e703a5ed9feb086a0728b24907fac2eb9923e4a79857d3df9059c915739bd7a870dd667972eae325c67f478b592b8582d
  languageName: node
  linkType: hard

"is-number@npm:7.0.0, is-number@npm:^7.0.0":
  version: 7.0.0
  resolution: "is-number@npm:7.0.0"
  checksum: 10c0/b4686d0d3053146095ccd45346461bc8e53b80aeb7671cc52a4de02dbbf7dc0d1d2a986e2fe4ae206984b4d34ef37e8b795ebc4f4295c978373e6575e295d811
  languageName: node
  linkType: hard

"is-number@npm:^6.0.0":
  version: 6.0.0
  resolution: "is-number@npm:6.0.0"
  checksum: 10c0/5da4c68401529675c575878d2760d66f18eaef4b014858577f6003daf66488d7fe4eae684b1e8574e3fa1bb447c6c6c56b8491d2b4b3239da2d32e5f6f218008
  languageName: node
  linkType: hard

"is-odd@npm:3.0.1":
  version: 3.0.1
  resolution: "is-odd@npm:3.0.1"
  dependencies:
    is-number: "npm:^6.0.0"
  checksum: 10c0/89ee2e353c5a3f3bd400c79db1c307a5b3506198ee8169d521e533a9b1d8a08fc95f21a919c084e98845b4286d7ffe309778da03744dfe66c3c1763ab1a030c6
  languageName: node
  linkType: hard

"js-tokens@npm:^3.0.0 || ^4.0.0":
  version: 4.0.0
  resolution: "js-tokens@npm:4.0.0"
  checksum: 10c0/e248708d377aa058eacf2037b07ded847790e6de892bbad3dac0abba2e759cb9f121b00099a65195616badcb6eca8d14d975cb3e89eb1cfda644756402c8aeed
  languageName: node
  linkType: hard

"loose-envify@npm:^1.1.0":
  version: 1.4.0
  resolution: "loose-envify@npm:1.4.0"
  dependencies:
    js-tokens: "npm:^3.0.0 || ^4.0.0"
  bin:
    loose-envify: cli.js
  checksum: 10c0/655d110220983c1a4b9c0c679a2e8016d4b67f6e9c7b5435ff5979ecdb20d0813f4dec0a08674fcbdd4846a3f07edbb50a36811fd37930b94aaa0d9daceb017e
  languageName: node
  linkType: hard

"lp@npm:left-pad@1.3.0":
  version: 1.3.0
  resolution: "left-pad@npm:1.3.0"
  checksum: 10c0/3fb59c76e281a2f5c810ad71dbbb8eba8b10c6cf94733dc7f27b8c516a5376cacea53543e76f6ae477d866c8954b27f1e15ca349424c2542474eb5bb1d2b6955
  languageName: node
  linkType: hard

"ms@npm:2.1.1":
  version: 2.1.1
  resolution: "ms@npm:2.1.1"
  checksum: 10c0/056140c631e740369fa21142417aba1bd629ab912334715216c666eb681c8f015c622dd4e38bc1d836b30852b05641331661703af13a0397eb0ca420fc1e75d9
  languageName: node
  linkType: hard

"react@npm:18.2.0":
  version: 18.2.0
  resolution: "react@npm:18.2.0"
  dependencies:
    loose-envify: "npm:^1.1.0"
  checksum: 10c0/b562d9b569b0cb315e44b48099f7712283d93df36b19a39a67c254c6686479d3980b7f013dc931f4a5a3ae7645eae6386b4aa5eea933baa54ecd0f9acb0902b8
  languageName: node
  linkType: hard

"root@workspace:.":
  version: 0.0.0-use.local
  resolution: "root@workspace:."
  dependencies:
    debug: "npm:4.3.4"
    esbuild: "npm:0.19.12"
    lp: "npm:left-pad@1.3.0"
    react: "npm:18.2.0"
    use-sync-external-store: "npm:1.2.0"
  languageName: unknown
  linkType: soft

"use-sync-external-store@npm:1.2.0":
  version: 1.2.0
  resolution: "use-sync-external-store@npm:1.2.0"
  peerDependencies:
    react: ^16.8.0 || ^17.0.0 || ^18.0.0
  checksum: 10c0/ac4814e5592524f242921157e791b022efe36e451fe0d4fd4d204322d5433a4fc300d63b0ade5185f8e0735ded044c70bcf6d2352db0f74d097a238cebd2da02
  languageName: node
  linkType: hard
`

const bun = `{
  "lockfileVersion": 2,
  "configVersion": 1,
  "workspaces": {
    "": {
      "name": "root",
      "dependencies": {
        "debug": "4.3.4",
        "esbuild": "0.19.12",
        "lp": "npm:left-pad@1.3.0",
        "react": "18.2.0",
        "use-sync-external-store": "1.2.0",
      },
    },
    "packages/a": {
      "name": "@x/a",
      "version": "1.0.0",
      "dependencies": {
        "@x/b": "workspace:*",
        "debug": "^2.6.9",
        "is-odd": "3.0.1",
      },
    },
    "packages/b": {
      "name": "@x/b",
      "version": "1.0.0",
      "dependencies": {
        "is-number": "7.0.0",
      },
    },
  },
  "packages": {

    "@esbuild/linux-x64": ["@esbuild/linux-x64@0.19.12", "", { "os": "linux", "cpu": "x64" }, "sha512-B71g1QpxfwBvNrfyJdVDexenDIt1CiDN1TIXLbhOw0KhJzE78KIFGX6OJ9MrtC0oOqMWf+0xop4qEU8JrJTwCg=="],

    "@esbuild/win32-x64": ["@esbuild/win32-x64@0.19.12", "", { "os": "win32", "cpu": "x64" }, "sha512-T1QyPSDCyMXaO3pzBkF96E8xMkiRYbUEZADd29SyPGabqxMViNoii+NcK7eWJAEoU6RZyEm5lVSIjTmcdoB9HA=="],

    "@x/a": ["@x/a@workspace:packages/a"],

    "@x/b": ["@x/b@workspace:packages/b"],

    "debug": ["debug@4.3.4", "", { "dependencies": { "ms": "2.1.2" }, "peerDependencies": { "supports-color": "*" }, "optionalPeers": ["supports-color"] }, "sha512-PRWFHuSU3eDtQJPvnNY7Jcket1j0t5OuOsFzPPzsekD52Zl8qUfFIPEiswXqIvHWGVHOgX+7G/vCNNhehwxfkQ=="],

    "esbuild": ["esbuild@0.19.12", "", { "optionalDependencies": { "@esbuild/linux-x64": "0.19.12", "@esbuild/win32-x64": "0.19.12" }, "hasInstallScript": true, "bin": { "esbuild": "bin/esbuild" } }, "sha512-aARqgq8roFBj054KvQr5f1sFu0D65G+miZRCuJyJ0G13Zwx7vRar5Zhn2tkQNzIXcBrNVsv/8stehpj+GAjgbg=="],

    "is-number": ["is-number@7.0.0", "", {}, "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng=="],

    "is-odd": ["is-odd@3.0.1", "", { "dependencies": { "is-number": "^6.0.0" } }, "sha512-CQpnWPrDwmP1+SMHXZhtLtJv90yiyVfluGsX5iNCVkrhQtU3TQHsUWPG9wkdk9Lgd5yNpAg9jQEo90CBaXgWMA=="],

    "js-tokens": ["js-tokens@4.0.0", "", {}, "sha512-RdJUflcE3cUzKiMqQgsCu06FPu9UdIJO0beYbPhHN4k6apgJtifcoCtT9bcxOpYBtpD2kCM6Sbzg4CausW/PKQ=="],

    "loose-envify": ["loose-envify@1.4.0", "", { "dependencies": { "js-tokens": "^3.0.0 || ^4.0.0" }, "bin": { "loose-envify": "cli.js" } }, "sha512-lyuxPGr/Wfhrlem2CL/UcnUc1zcqKAImBDzukY7Y5F/yQiNdko6+fRLevlw1HgMySw7f611UIY408EtxRSoK3Q=="],

    "lp": ["left-pad@1.3.0", "", {}, "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA=="],

    "ms": ["ms@2.1.2", "", {}, "sha512-sGkPx+VjMtmA6MX27oA4FBFELFCZZ4S4XqeGOXCv68tT+jb3vk/RyaKWP0PTKyWtmLSM0b+adUTEvbs1PEaH2w=="],

    "react": ["react@18.2.0", "", { "dependencies": { "loose-envify": "^1.1.0" } }, "sha512-/3IjMdb2L9QbBdWiW5e3P2/npwMBaU9mHCSCUzNln0ZCYbcfTsGbTJrU/kGemdH2IWmB2ioZ+zkxtmq6g09fGQ=="],

    "use-sync-external-store": ["use-sync-external-store@1.2.0", "", { "peerDependencies": { "react": "^16.8.0 || ^17.0.0 || ^18.0.0" } }, "sha512-eEgnFxGQ1Ife9bzYs6VLi8/4X6CObHMw9Qr9tPY43iKwsPw8xE8+EFsf/2cFZ5S3esXgpWgtSCtLNS41F+sKPA=="],

    "@x/a/debug": ["debug@2.6.9", "", { "dependencies": { "ms": "2.0.0" } }, "sha512-bC7ElrdJaJnPbAP+1EotYvqZsb3ecl5wi6Bfi6BJTUcNowp6cvspg0jXznRTKDjm/E7AdgFBVeAPVMNcKGsHMA=="],

    "is-odd/is-number": ["is-number@6.0.0", "", {}, "sha512-Wu1VHeILBK8KAWJUAiSZQX94GmOE45Rg6/538fKwiloUu21KncEkYGPqob2oSZ5mUT73vLGrHQjKw3KMPwfDzg=="],

    "@x/a/debug/ms": ["ms@2.0.0", "", {}, "sha512-Tpp60P6IUJDTuOq/5Z8cdskzJujfwqfOTkrwIwj7IRISpnkJnT6SyJ4PCPnGMoFjC9ddhal5KVIYtAt97ix05A=="],
  }
}
`

const pnpm6 = `lockfileVersion: '6.0'

importers:

  .:
    dependencies:
      debug:
        specifier: 4.3.4
        version: 4.3.4
      lp:
        specifier: npm:left-pad@1.3.0
        version: /left-pad@1.3.0
      react:
        specifier: 18.2.0
        version: 18.2.0
      use-sync-external-store:
        specifier: 1.2.0
        version: 1.2.0(react@18.2.0)

  packages/a:
    dependencies:
      '@x/b':
        specifier: workspace:*
        version: link:../b
      debug:
        specifier: ^2.6.9
        version: 2.6.9

packages:

  /debug@2.6.9:
    resolution: {integrity: sha512-debug2}
    dependencies:
      ms: 2.0.0
    dev: false

  /debug@4.3.4:
    resolution: {integrity: sha512-debug4}
    dependencies:
      ms: 2.1.2
    dev: false

  /left-pad@1.3.0:
    resolution: {integrity: sha512-leftpad}
    dev: false

  /ms@2.0.0:
    resolution: {integrity: sha512-ms20}
    dev: false

  /ms@2.1.2:
    resolution: {integrity: sha512-ms212}
    dev: false

  /react@18.2.0:
    resolution: {integrity: sha512-react}
    deprecated: |-
      two
      lines: here
    dev: false

  /use-sync-external-store@1.2.0(react@18.2.0):
    resolution: {integrity: sha512-use}
    peerDependencies:
      react: ^16.8.0 || ^17.0.0 || ^18.0.0
    dependencies:
      react: 18.2.0
    dev: false
`

const pnpm5 = pnpm6
  .replace("'6.0'", '5.4')
  .replaceAll(/ {6}([\w'@/-]+):\n {8}specifier: .*\n {8}version: (.*)\n/g, '      $1: $2\n')
  .replaceAll(/\/left-pad@1/g, '/left-pad/1')
  .replaceAll(/^ {2}\/([\w-]+)@([\d.]+)/gm, '  /$1/$2')
  .replaceAll('(react@18.2.0)', '_react@18.2.0')

const npm2 = JSON.stringify(
  { ...JSON.parse(npm3), lockfileVersion: 2, dependencies: JSON.parse(npm1).dependencies },
  null,
  2,
)

const rootJson = `{ "name": "root", "private": true, "workspaces": ["packages/*"], "dependencies": { "debug": "4.3.4",
  "lp": "npm:left-pad@1.3.0", "use-sync-external-store": "1.2.0", "react": "18.2.0", "esbuild": "0.19.12" }, "resolutions": { "ms": "2.1.1" } }`

const manifests = {
  'package.json': rootJson,
  'packages/a/package.json':
    '{"name":"@x/a","version":"1.0.0","dependencies":{"is-odd":"3.0.1","@x/b":"*","debug":"^2.6.9"}}',
  'packages/b/package.json': '{"name":"@x/b","version":"1.0.0","dependencies":{"is-number":"7.0.0"}}',
}

export interface LockFixture {
  readonly file: string
  readonly files: Record<string, string>
  /** Replacements that bump what debug depends on, and react. */
  readonly transitive: readonly [string | RegExp, string]
  readonly unrelated: readonly [string | RegExp, string]
  readonly reorder: (text: string) => string
  /** Whether the lockfile says what peers resolve to. */
  readonly peers: boolean
}

const reorderJson = (text: string): string => {
  const reversed = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, inner]) => [key, reversed(inner)]),
        )
      : value
  return JSON.stringify(reversed(JSON.parse(text)))
}

/** Entries of a lockfile in YAML lie between blank lines, in groups below unindented keys. */
const reorderBlocks = (text: string): string =>
  text
    .split(/\n(?=[a-z]+:\n\n)/)
    .map((group) => {
      const [head, ...entries] = group.trimEnd().split('\n\n')
      return [head, ...entries.reverse()].join('\n\n')
    })
    .join('\n\n')

const fixture = (file: string, text: string, rest: Omit<LockFixture, 'file' | 'files'>): LockFixture => ({
  file,
  files: { ...manifests, [file]: text },
  ...rest,
})

const versions = {
  transitive: [/2\.1\.2/g, '2.1.3'],
  unrelated: [/18\.2\.0/g, '18.2.1'],
} as const

export const locks: Record<string, LockFixture> = {
  'npm, version 1': fixture('package-lock.json', npm1, { ...versions, reorder: reorderJson, peers: false }),
  'npm, version 2': fixture('package-lock.json', npm2, { ...versions, reorder: reorderJson, peers: true }),
  'npm, version 3': fixture('package-lock.json', npm3, { ...versions, reorder: reorderJson, peers: true }),
  'npm-shrinkwrap': fixture('npm-shrinkwrap.json', npm3, { ...versions, reorder: reorderJson, peers: true }),
  'pnpm, version 5': fixture('pnpm-lock.yaml', pnpm5, { ...versions, reorder: reorderBlocks, peers: true }),
  'pnpm, version 6': fixture('pnpm-lock.yaml', pnpm6, { ...versions, reorder: reorderBlocks, peers: true }),
  'pnpm, version 9': fixture('pnpm-lock.yaml', pnpm9, { ...versions, reorder: reorderBlocks, peers: true }),
  'Yarn 1': fixture('yarn.lock', yarn1, {
    transitive: ['version "2.1.2"', 'version "2.1.3"'],
    unrelated: ['version "18.2.0"', 'version "18.2.1"'],
    reorder: reorderBlocks,
    peers: false,
  }),
  'Yarn 4': fixture('yarn.lock', yarnBerry, {
    unrelated: versions.unrelated,
    // The root replaces ms by 2.1.1.
    transitive: ['10c0/056140', '10c0/156140'],
    reorder: reorderBlocks,
    peers: true,
  }),
  Bun: fixture('bun.lock', bun, {
    ...versions,
    reorder: (text) => reorderJson(text.replaceAll(/,(?=\s*[}\]])/g, '')),
    peers: true,
  }),
}

/** An index over files that are in memory alone. */
export function memoryIndex(
  files: Record<string, string>,
  at = '/p',
  root = at,
  options: Partial<PackageIndexOptions> = {},
): PackageIndex {
  const names = Object.keys(files).map((file) => `${at}/${file}`)
  return createPackageIndex({
    root,
    read: (file) =>
      file.startsWith(`${at}/`) && Object.hasOwn(files, file.slice(at.length + 1))
        ? files[file.slice(at.length + 1)]
        : undefined,
    list: (folder) => {
      const below = names
        .filter((name) => name.startsWith(`${folder}/`))
        .map((name) => name.slice(folder.length + 1).split('/')[0]!)
      return below.length === 0 ? undefined : [...new Set(below)]
    },
    realpath: (file) => file,
    ...options,
  })
}

/** Writes files to a temporary folder; a text that starts with `-> ` is a link to what follows. */
export function tree(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'autocache-packages-'))
  const write = (more: Record<string, string>): void => {
    for (const [file, text] of Object.entries(more)) {
      const path = join(root, file)
      mkdirSync(dirname(path), { recursive: true })
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), path, 'junction')
      else writeFileSync(path, text)
    }
  }
  write(files)
  return {
    root,
    write,
    index: (options: Partial<PackageIndexOptions> = {}) => createPackageIndex({ root, read: readFromDisk, ...options }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}
