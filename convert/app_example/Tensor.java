import java.util.Map;

/** An input or output of a rung: what its stored numbers mean, in floats. */
final class Tensor {
    final String name;
    final String dtype;
    private final float scale; // 0: reals are stored as they are
    private final int zeroPoint;

    private Tensor(Map<String, Object> facts) {
        name = (String) facts.get("name");
        dtype = (String) facts.get("dtype");
        scale = (float) Json.number(facts.get("scale"));
        zeroPoint = Json.whole(facts.get("zero_point"));
    }

    /** `input` or `output` of a rung of the manifest. */
    static Tensor read(Object facts) {
        return new Tensor(Json.object(facts));
    }

    /** A real as it is stored: round(real / scale) + zero point, halves to even, clipped. */
    int stored(float real) {
        double whole = Math.rint(scale == 0 ? real : real / scale) + zeroPoint;
        switch (dtype) {
            case "uint8":
                return (int) Scores.clipped(whole, 0, 255);
            case "int8":
                return (int) Scores.clipped(whole, -128, 127);
            case "int16":
                return (int) Scores.clipped(whole, -32768, 32767);
            default:
                throw new IllegalStateException(dtype + " stores reals as they are");
        }
    }

    /** What a stored number means; for uint8 give it as 0..255. */
    float real(int stored) {
        return (stored - zeroPoint) * (scale == 0 ? 1 : scale);
    }
}
