package reswise.sample;

import android.app.Activity;
import android.content.Intent;
import android.graphics.Bitmap;
import android.net.Uri;
import android.os.Build;
import android.os.Bundle;
import android.provider.MediaStore;
import android.widget.Button;
import android.widget.LinearLayout;
import android.widget.TextView;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import reswise.classifier.Cancel;
import reswise.classifier.Classification;
import reswise.classifier.Decoding;
import reswise.classifier.FolderBench;
import reswise.classifier.Picture;
import reswise.classifier.Reswise;

/**
 * Takes a picture from the camera or the gallery and shows label, rungs and time; benches a folder
 * of pictures. The bundle lies in assets/bundle, a bench's pictures in files/pictures.
 */
public final class MainActivity extends Activity {
    private static final int CAMERA = 1;
    private static final int GALLERY = 2;

    private final ExecutorService worker = Executors.newSingleThreadExecutor();
    private Reswise reswise; // opened and used by the worker alone
    private volatile Cancel running = new Cancel();
    private TextView shown;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        LinearLayout column = new LinearLayout(this);
        column.setOrientation(LinearLayout.VERTICAL);
        column.addView(button(R.string.camera, this::fromCamera));
        column.addView(button(R.string.gallery, this::fromGallery));
        column.addView(button(R.string.bench, this::bench));
        column.addView(button(R.string.stop, () -> running.cancel()));
        shown = new TextView(this);
        column.addView(shown);
        setContentView(column);
        work(
                () -> {
                    reswise = Reswise.open(getAssets(), "bundle");
                    return reswise.name() + ": " + reswise.ladder();
                });
    }

    private Button button(int text, Runnable action) {
        Button button = new Button(this);
        button.setText(text);
        button.setOnClickListener(view -> action.run());
        return button;
    }

    private void fromCamera() {
        startActivityForResult(new Intent(MediaStore.ACTION_IMAGE_CAPTURE), CAMERA);
    }

    private void fromGallery() {
        Intent pick = new Intent(Intent.ACTION_GET_CONTENT);
        pick.setType("image/*");
        startActivityForResult(pick, GALLERY);
    }

    @Override
    @SuppressWarnings("deprecation") // its successors need API 33 or a library
    protected void onActivityResult(int request, int result, Intent data) {
        super.onActivityResult(request, result, data);
        if (result != RESULT_OK || data == null) {
            return;
        }
        if (request == CAMERA) {
            Bitmap thumbnail = (Bitmap) data.getExtras().get("data");
            work(() -> classified(Picture.of(thumbnail)));
        } else if (request == GALLERY) {
            Uri uri = data.getData();
            work(() -> classified(Decoding.whole(content(uri))));
        }
    }

    private String classified(Picture picture) {
        Classification found = opened().classify(picture, running);
        StringBuilder text = new StringBuilder();
        text.append(found.label()).append(" ").append(Math.round(100 * found.score())).append(" %");
        for (Classification.Step step : found.steps()) {
            text.append("\n").append(step.rung()).append(" ").append(millis(step.nanos()));
        }
        text.append("\nresize ").append(millis(found.prepareNanos()));
        text.append("\n").append(found.macs() / 1_000_000).append(" million MACs");
        return text.toString();
    }

    private Reswise opened() {
        if (reswise == null) {
            throw new IllegalStateException("the bundle was not opened; see what was said first");
        }
        return reswise;
    }

    private static String millis(long nanos) {
        return nanos / 10_000 / 100.0 + " ms";
    }

    private void bench() {
        work(
                () -> {
                    File folder = new File(getExternalFilesDir(null), "pictures");
                    File to = new File(getExternalFilesDir(null), "device.jsonl");
                    FolderBench.Settings settings = new FolderBench.Settings();
                    FolderBench bench =
                            new FolderBench(opened(), folder, Decoding::whole, settings);
                    return bench.run(device(), to, running) + " pictures: " + to;
                });
    }

    private static Map<String, String> device() {
        Map<String, String> found = new LinkedHashMap<>();
        found.put("model", Build.MANUFACTURER + " " + Build.MODEL);
        found.put("android", Build.VERSION.RELEASE);
        found.put("api", String.valueOf(Build.VERSION.SDK_INT));
        return found;
    }

    private byte[] content(Uri uri) throws IOException {
        try (InputStream from = getContentResolver().openInputStream(uri)) {
            ByteArrayOutputStream to = new ByteArrayOutputStream();
            byte[] chunk = new byte[1 << 16];
            for (int got; (got = from.read(chunk)) >= 0; ) {
                to.write(chunk, 0, got);
            }
            return to.toByteArray();
        }
    }

    /** Off the main thread; what it gives, or why it gave nothing, is shown. */
    private void work(Callable<String> action) {
        running = new Cancel();
        worker.execute(
                () -> {
                    String text;
                    try {
                        text = action.call();
                    } catch (CancellationException error) {
                        text = "stopped";
                    } catch (Exception error) {
                        text = error.getMessage();
                    }
                    String told = text;
                    runOnUiThread(() -> shown.setText(told));
                });
    }

    @Override
    protected void onDestroy() {
        super.onDestroy();
        running.cancel();
        worker.execute(
                () -> {
                    if (reswise != null) {
                        reswise.close();
                    }
                });
        worker.shutdown();
    }
}
