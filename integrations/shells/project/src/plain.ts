/** What Node runs by stripping types: everything but the decorated method. */
import { countryRate } from './country.ts'
import { gross } from './gross.ts'
import { label } from './label.ts'
import { inFrancs, inPounds } from './pricer.ts'
import { call } from './say.ts'
import { shipping } from './shipping.ts'
import { shown } from './shown.ts'
import { taxed } from './taxed.ts'

export const calls = [
  call('gross', gross, 10),
  call('label', label, 3),
  call('inFrancs', inFrancs, 10),
  call('inPounds', inPounds, 10),
  call('shipping', shipping, 2),
  call('countryRate', countryRate, 'AT'),
  call('taxed', taxed, 100),
  call('shown', shown, 5),
]
