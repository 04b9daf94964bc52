import type { Timed } from '../lib/timed'

const words = {
  miss: 'miss, computed now',
  fresh: 'fresh, from the cache',
  stale: 'stale, answered while it is refreshed',
}

/** How long a call took and what answered it. */
export function Timing({ of, id }: { of: Pick<Timed<unknown>, 'milliseconds' | 'state' | 'age'>; id: string }) {
  return (
    <p className="timing" data-state={of.state} id={id}>
      <span className={`state ${of.state}`}>{words[of.state]}</span>
      <span>{of.milliseconds.toFixed(2)} ms</span>
      <span className="quiet">{(of.age / 1000).toFixed(0)} s old</span>
    </p>
  )
}
