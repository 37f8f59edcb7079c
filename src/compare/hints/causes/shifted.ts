// Cause: everything lies some elements too far: an index off by one, a frame dropped, gaps between channels read as data.
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import { type Axis, directions, nameOf, type Scene } from '../scene.ts'

const distances = [1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64].flatMap((distance) => [distance, -distance])

export const shifted: Hypothesis = (scene) => [
  ...alongAxes(scene),
  ...alongTwoAxes(scene),
  ...inMemory(scene),
  ...gaps(scene),
]

function alongAxes(scene: Scene): Finding[] {
  return scene.axes.flatMap((axis) =>
    distances
      .filter((distance) => Math.abs(distance) <= axis.length / 4)
      .flatMap((distance) => [shiftAlong(scene, axis, distance, false), shiftAlong(scene, axis, distance, true)])
      .filter(({ left }) => left < 1),
  )
}

function shiftAlong(scene: Scene, { index, length, stride }: Axis, distance: number, rolls: boolean): Finding {
  const { actual, reference } = scene
  const at = (position: number): number => {
    const place = Math.floor(position / stride) % length
    const source = place - distance
    if (source >= 0 && source < length) return reference.values[position - distance * stride]
    return rolls ? reference.values[position + (((source + length) % length) - place) * stride] : Number.NaN
  }
  const end = rolls ? 'the rest comes in at the other end' : 'the ends differ'
  return {
    code: 'shifted',
    message: `actual is the reference shifted by ${distance} along axis ${index}; ${end}: look for an index that is off by ${Math.abs(distance)}, or a frame too many or too few`,
    left: leftOver(scene, { target: actual, at }),
    parameters: rolls ? 1 : 2,
  }
}

/** An image cut out at another corner. */
function alongTwoAxes(scene: Scene): Finding[] {
  const { actual, reference, axes } = scene
  const choices = axes.length < 2 ? [] : [axes.slice(-2), ...(axes.length > 2 ? [axes.slice(-3, -1)] : [])]
  return choices.flatMap(([height, width]) => {
    if (height === undefined || width === undefined) return []
    const farthest = Math.min(height.length, width.length) / 4
    return distances
      .filter((distance) => Math.abs(distance) <= farthest)
      .flatMap((down) => [shiftAlongTwo(down, down), shiftAlongTwo(down, -down)])
      .filter(({ left }) => left < 1)

    function shiftAlongTwo(down: number, right: number): Finding {
      const [y, x] = [height, width] as [Axis, Axis]
      const at = (position: number): number => {
        const fromY = (Math.floor(position / y.stride) % y.length) - down
        const fromX = (Math.floor(position / x.stride) % x.length) - right
        const isInside = fromY >= 0 && fromY < y.length && fromX >= 0 && fromX < x.length
        return isInside ? reference.values[position - down * y.stride - right * x.stride] : Number.NaN
      }
      return {
        code: 'shifted',
        message: `actual is the reference shifted by ${down} along axis ${y.index} and by ${right} along axis ${x.index}; the ends differ: look for an image that is cropped or padded at another place`,
        left: leftOver(scene, { target: actual, at }),
        parameters: 3,
      }
    }
  })
}

/** Across the ends of rows. */
function inMemory(scene: Scene): Finding[] {
  const { actual, reference, length, axes } = scene
  if (axes.length < 2) return []
  return distances
    .filter((distance) => Math.abs(distance) <= length / 4)
    .map((distance) => ({
      code: 'shifted',
      message: `actual is the reference shifted by ${distance} elements in memory, across the ends of rows: look for a wrong offset or a header that is read as data`,
      left: leftOver(scene, { target: actual, at: (i) => reference.values[i - distance] ?? Number.NaN }),
      parameters: 1,
    }))
    .filter(({ left }) => left < 1)
}

/** To what multiples of elements rows and channels are padded. */
const alignments = [2, 4, 8, 16, 32, 64]

/** Memory in which every channel, or row, begins at a multiple of some elements, read as if it were dense; or the other way round. */
function gaps(scene: Scene): Finding[] {
  return scene.axes
    .slice(1)
    .flatMap((axis) => {
      const dense = axis.length * axis.stride
      const steps = new Map(alignments.map((alignment) => [Math.ceil(dense / alignment) * alignment, alignment]))
      steps.delete(dense)
      return [...steps].flatMap(([step, alignment]) =>
        directions(scene).map(({ from, to }): Finding => {
          const at = (position: number): number => {
            const within = position % step
            return within < dense
              ? (from.values[Math.floor(position / step) * dense + within] ?? Number.NaN)
              : Number.NaN
          }
          const what =
            alignment === 4 && axis === scene.axes[1] && scene.axes.length > 2
              ? "channels (ncnn's cstep)"
              : `slices of axis ${axis.index - 1}`
          return {
            code: 'gaps',
            message: `${nameOf(to)} is ${nameOf(from)} with gaps between ${what}: each of ${dense} elements takes ${step}, a multiple of ${alignment}, and the gaps were read as data; slice 0 agrees, slice k is shifted by ${step - dense} k`,
            left: leftOver(scene, { target: to, at }),
            parameters: 1,
          }
        }),
      )
    })
    .filter(({ left }) => left < 1)
}
