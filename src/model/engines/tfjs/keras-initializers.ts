import { serialization } from '@tensorflow/tfjs-core';
import { initializers } from '@tensorflow/tfjs-layers';

/** A class of initialisers as a registered class of any kind: TypeScript knows the abstract base alone. */
const classOf = (initializer: object) =>
  initializer.constructor as serialization.SerializableConstructor<serialization.Serializable> &
    (new (
      args: object,
    ) => { getConfig(): serialization.ConfigDict });
const LeCunNormal = classOf(initializers.leCunNormal({}));
const LeCunUniform = classOf(initializers.leCunUniform({}));

/**
 * Registers names of Keras that TensorFlow.js does not have: of `lecun_normal`, which belongs to SELU, it knows only its own spelling,
 * and it cannot load a converted model that uses it.
 */
export function registerKerasInitializers(): void {
  for (const [Own, names] of [
    // TensorFlow.js reads `lecun_normal` as `lecunNormal`.
    [LeCunNormal, ['LecunNormal', 'lecunNormal']],
    [LeCunUniform, ['LecunUniform', 'lecunUniform']],
  ] as const) {
    for (const className of names) {
      serialization.registerClass(
        class extends Own {
          static override readonly className = className;
        },
      );
    }
  }
}
