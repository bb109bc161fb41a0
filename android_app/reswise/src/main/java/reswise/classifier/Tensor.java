package reswise.classifier;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An input or output of a rung: what its stored numbers mean, in floats. */
final class Tensor {
    final String name;
    final String dtype;
    final int[] shape;
    private final float scale; // 0: reals are stored as they are
    private final int zeroPoint;

    private Tensor(Facts facts) {
        facts.only("name", "dtype", "shape", "scale", "zero_point");
        name = facts.text("name", 200);
        dtype = facts.oneOf("dtype", "float32", "uint8", "int8", "int16");
        shape = facts.wholes("shape", 1, 8, 1, 1_000_000);
        scale = (float) facts.number("scale", 0, 1_000_000);
        zeroPoint = (int) facts.whole("zero_point", least(), most());
        if (scale != 0 && dtype.equals("float32")) {
            throw facts.wrong("scale", scale + " of float32", "0: reals are stored as they are");
        }
    }

    /** `input` or `output` of a rung of the manifest. */
    static Tensor read(Facts facts) {
        return new Tensor(facts);
    }

    /** Values of one image. */
    int elements() {
        int product = 1;
        for (int side : shape) {
            product = Math.multiplyExact(product, side);
        }
        return product;
    }

    /** Values of one image, the largest shapes too. */
    long size() {
        double product = 1;
        for (int side : shape) {
            product *= side;
        }
        return (long) Math.min(product, Long.MAX_VALUE);
    }

    int bytes() {
        return elements() * (dtype.equals("float32") ? 4 : dtype.equals("int16") ? 2 : 1);
    }

    /** Room for one image, as LiteRT wants it: direct, of the machine's byte order. */
    ByteBuffer room() {
        return ByteBuffer.allocateDirect(bytes()).order(ByteOrder.nativeOrder());
    }

    /** Appends a real as it is stored. */
    void put(ByteBuffer to, float real) {
        if (dtype.equals("float32")) {
            to.putFloat(real);
        } else if (dtype.equals("int16")) {
            to.putShort((short) stored(real));
        } else {
            to.put((byte) stored(real));
        }
    }

    /** All reals of one image, from the first. */
    float[] reals(ByteBuffer from) {
        float[] found = new float[elements()];
        rewound(from);
        for (int i = 0; i < found.length; i++) {
            found[i] = dtype.equals("float32") ? from.getFloat() : real(next(from));
        }
        return found;
    }

    /**
     * A buffer at its beginning, all of it open. Buffer's own clear, as ByteBuffer has none on
     * Android 8: code that calls it there ends in NoSuchMethodError.
     */
    static void rewound(Buffer values) {
        values.clear();
    }

    private int next(ByteBuffer from) {
        if (dtype.equals("int16")) {
            return from.getShort();
        }
        int value = from.get();
        return dtype.equals("uint8") ? value & 0xff : value;
    }

    /** A real as it is stored: round(real / scale) + zero point, halves to even, clipped. */
    int stored(float real) {
        double whole = Math.rint(scale == 0 ? real : real / scale) + zeroPoint;
        return (int) Scores.clipped(whole, least(), most());
    }

    /** What a stored number means; for uint8 give it as 0..255. */
    float real(int stored) {
        return (stored - zeroPoint) * (scale == 0 ? 1 : scale);
    }

    private int least() {
        return dtype.equals("int8") ? -128 : dtype.equals("int16") ? -32768 : 0;
    }

    private int most() {
        switch (dtype) {
            case "uint8":
                return 255;
            case "int8":
                return 127;
            case "int16":
                return 32767;
            default:
                return 0;
        }
    }
}
