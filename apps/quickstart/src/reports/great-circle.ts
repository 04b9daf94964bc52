const radius = 6371.0088
const radians = (degrees: number) => (degrees * Math.PI) / 180

interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** Kilometres between two places on a round earth, by the haversine formula. */
export function kilometres(a: Place, b: Place): number {
  const north = Math.sin(radians(b.latitude - a.latitude) / 2)
  const east = Math.sin(radians(b.longitude - a.longitude) / 2)
  const chord = north * north + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * east * east
  return 2 * radius * Math.asin(Math.min(1, Math.sqrt(chord)))
}
