# make test        the quick tests: every chapter's cells, on CPU, without network
# make test-all    the slow cells too, Kaggle imitated, and the clip browser in a real browser
# make kaggle      what Kaggle needs, under build/kaggle; ARGS="--user NAME --data OWNER/SLUG --resume"
# make newcomer    what a newcomer can get wrong, and each verb killed five times
# make notebooks   run every notebook anew, clean and export it, make the README
export OMP_NUM_THREADS ?= 1
export NO_ALBUMENTATIONS_UPDATE := 1

test:
	python tools/test.py

test-all:
	python tools/test.py --flags slow
	python .ci/kaggle_test.py
	python .ci/browser.py

test-browser: # JupyterLab and Chromium: click Play in the clip browser, see the picture change
	python .ci/browser.py

newcomer:
	python tools/newcomer.py
	python tools/newcomer.py --kills

kaggle:
	@python tools/kaggle.py $(ARGS)

notebooks:
	FRAMEPRED_PROGRESS=0 jupyter nbconvert --to notebook --inplace --execute --ExecutePreprocessor.timeout=900 --ExecutePreprocessor.store_widget_state=False nbs/*.ipynb
	$(MAKE) sync

# what is derived from the notebooks: their badges, the package and the README
sync:
	python tools/badges.py
	nbdev_clean
	find framepred -name "*.py" ! -path framepred/__init__.py -delete
	nbdev_export
	python tools/readme.py
	python tools/weights.py

docs: # the chapters and the API reference as plain HTML, in _docs
	python tools/docs.py

samples: # the sample clips, made again
	python tools/samples.py

images: # the README's pictures, made again
	python tools/images.py

ci:
	bash .ci/run

.PHONY: test test-all test-browser newcomer kaggle notebooks sync docs samples images ci
