/** The exponent `e` of the curve `time = c * size ** e` that fits best: a line through the logarithms, least squares. */
export function exponentOf(points: readonly (readonly [size: number, time: number])[]): number {
  if (points.length < 2) throw new RangeError('A curve needs two points.')
  const logs = points.map(([size, time]) => [Math.log(size), Math.log(time)] as const)
  const mean = (part: 0 | 1) => logs.reduce((sum, each) => sum + each[part], 0) / logs.length
  const [meanSize, meanTime] = [mean(0), mean(1)]
  const along = logs.reduce((sum, [size, time]) => sum + (size - meanSize) * (time - meanTime), 0)
  return along / logs.reduce((sum, [size]) => sum + (size - meanSize) ** 2, 0)
}
